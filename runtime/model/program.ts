/** Programs that are plugins, told from components by how their files end. */
export const programEnd = '.plugin';
