// Reads a JSON array of PowerShell texts and writes, for each, the places that
// the grammar could not parse.
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const require = createRequire(import.meta.url);
const entry = require.resolve("@vscode/tree-sitter-wasm");
const { Parser, Language } = require(entry);

let input = "";
for await (const chunk of process.stdin) input += chunk;

await Parser.init({ locateFile: (name) => join(dirname(entry), name) });
const parser = new Parser();
parser.setLanguage(await Language.load(join(dirname(entry), "tree-sitter-powershell.wasm")));

const faults = (tree) => {
  const found = [];
  const visit = (node) => {
    if (node.isError || node.isMissing) {
      found.push({ line: node.startPosition.row + 1, kind: node.isError ? "ERROR" : "MISSING", text: node.text.slice(0, 120) });
    }
    for (const child of node.children) visit(child);
  };
  if (tree.rootNode.hasError) visit(tree.rootNode);
  return found;
};

const answers = JSON.parse(input).map((text) => {
  const tree = parser.parse(text);
  const texts = (type) => tree.rootNode.descendantsOfType(type).map((node) => node.text);
  const answer = { faults: faults(tree), comments: texts("comment"), commands: texts("command_name") };
  tree.delete();
  return answer;
});
process.stdout.write(JSON.stringify(answers));
