/** Names in settings files are in snake_case, those in the code in camelCase. */

export type CamelKey<Key extends string> = Key extends `${infer First}_${infer Rest}`
  ? `${First}${Capitalize<CamelKey<Rest>>}`
  : Key;

export function camelCase<Key extends string>(key: Key): CamelKey<Key> {
  return key.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()) as CamelKey<Key>;
}

/** The table with its keys (not those of tables in it) as the model has them. */
export function camelKeys<Table extends object>(
  table: Table,
): { readonly [Key in keyof Table as Key extends string ? CamelKey<Key> : never]: Table[Key] } {
  const entries = Object.entries(table).map(([key, value]) => [camelCase(key), value]);
  return Object.fromEntries(entries);
}
