/** Parses JSON as strictly as TOML is parsed (no key twice, bounded depth), and knows on which line a field stands. */
import {
  createScanner,
  findNodeAtLocation,
  getNodeValue,
  type Node,
  type ParseError,
  parseTree,
  printParseErrorCode,
} from 'jsonc-parser';
import type { FieldPath } from './shape.ts';
import { type ParsedText, TextProblem } from './text.ts';

/** Throws a {@link TextProblem} with the line. */
export function parseJson(text: string, maxDepth: number): ParsedText {
  const lineAt = (offset: number): number => text.slice(0, offset).split('\n').length;
  // The parser calls itself for each level, so the depth is looked at before it is let at the text.
  const tooDeep = offsetDeeperThan(text, maxDepth);
  if (tooDeep !== undefined) throw new TextProblem(lineAt(tooDeep), `it nests deeper than ${maxDepth} levels`);
  const errors: ParseError[] = [];
  const tree = parseTree(text, errors, { disallowComments: true, allowTrailingComma: false, allowEmptyContent: false });
  const [first] = errors;
  if (first) throw new TextProblem(lineAt(first.offset), `no JSON: ${wordsOf(printParseErrorCode(first.error))}`);
  if (!tree) throw new TextProblem(1, 'no JSON: it is empty');
  const twice = keyTwice(tree);
  if (twice) throw new TextProblem(lineAt(twice.offset), `the key ${JSON.stringify(twice.value)} stands there twice`);
  const lineOf = (path: FieldPath): number => {
    for (let length = path.length; length > 0; length--) {
      const node = findNodeAtLocation(tree, path.slice(0, length));
      if (node) return lineAt((node.parent?.type === 'property' ? node.parent : node).offset);
    }
    return 1;
  };
  return { value: getNodeValue(tree), lineOf };
}

/** The scanner's numbers for braces and brackets, and for the end: it exports them to TypeScript's own compiler only. */
const opens: ReadonlySet<number> = new Set([1, 3]);
const closes: ReadonlySet<number> = new Set([2, 4]);
const endOfText = 17;

function offsetDeeperThan(text: string, most: number): number | undefined {
  const scanner = createScanner(text, true);
  let depth = 0;
  for (let token: number = scanner.scan(); token !== endOfText; token = scanner.scan()) {
    if (opens.has(token)) depth++;
    else if (closes.has(token)) depth--;
    if (depth > most) return scanner.getTokenOffset();
  }
  return undefined;
}

function keyTwice(node: Node): Node | undefined {
  const keys = new Set<unknown>();
  for (const child of node.children ?? []) {
    const [key, value] = child.type === 'property' ? (child.children ?? []) : [undefined, child];
    if (key && keys.has(key.value)) return key;
    if (key) keys.add(key.value);
    const inside = value && keyTwice(value);
    if (inside) return inside;
  }
  return undefined;
}

/** `CommaExpected` as words. */
function wordsOf(code: string): string {
  return code.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`).trim();
}
