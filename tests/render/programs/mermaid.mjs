// Parses diagrams by Mermaid's own grammars: [text] in, [kind of diagram or what is wrong] out.
import { createRequire } from "node:module";
import { join } from "node:path";

const modules = process.env.NODE_PATH;
const linkedom = createRequire(join(modules, "x.js"))("linkedom");
// Mermaid cleans its labels by a library that wants a document.
const { window, document } = linkedom.parseHTML("<html><body></body></html>");
Object.assign(globalThis, { window, document });
const { default: mermaid } = await import(join(modules, "mermaid", "dist", "mermaid.core.mjs"));

let text = "";
for await (const part of process.stdin) text += part;
const found = [];
for (const one of JSON.parse(text)) {
  try {
    found.push((await mermaid.parse(one)).diagramType);
  } catch (error) {
    found.push(String(error));
  }
}
process.stdout.write(JSON.stringify(found));
