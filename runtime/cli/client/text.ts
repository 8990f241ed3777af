/**
 * Text from a server or a plugin, made fit for a terminal and for lines.
 *
 * Names, descriptions and errors are a stranger's: control characters in them could move the cursor, change
 * colours or set the title. They are shown as escapes, and nothing that is not a line becomes more than one.
 */

/** C0 and C1 controls, DEL, and the separators that some programs take for the end of a line. */
const controls = /[\p{Cc}\u2028\u2029]/gu;

/** The text with its control characters as escapes. */
export function visible(text: string): string {
  return text.replace(controls, (unit) => (unit === '\n' ? '\\n' : unit === '\t' ? '\\t' : escaped(unit)));
}

/** JSON on one line. JSON itself escapes the controls below U+0020 only. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value).replace(controls, escaped);
}

function escaped(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
