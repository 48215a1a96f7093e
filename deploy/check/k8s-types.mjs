// Lets the TypeScript compiler judge manifests by the types of the packages kubernetes-models and, for the kinds of
// Prometheus' operator and of cert-manager, @kubernetes-models/...: each object becomes a typed literal, in which the
// compiler finds misspelled, missing and mistyped fields. To be run where these, js-yaml and typescript are installed.
//
// Usage: node k8s-types.mjs FILE...   prints "FILE: finding" lines; exits 1 if there are any.
import fs from 'node:fs';
import path from 'node:path';
import * as yaml from 'js-yaml';
import ts from 'typescript';

const packages = {
  'cert-manager.io': '@kubernetes-models/cert-manager',
  'monitoring.coreos.com': '@kubernetes-models/prometheus-operator',
};
const moduleOf = ({apiVersion, kind}) =>
    `${packages[apiVersion?.split('/')[0]] ?? 'kubernetes-models'}/${apiVersion}/${kind}`;

const fileOf = new Map();
for (const [number, file] of process.argv.slice(2).entries()) {
  const documents = yaml.loadAll(fs.readFileSync(file, 'utf8')).filter(Boolean);
  const text = documents.map((document, i) =>
      `import type {I${document.kind} as T${i}} from '${moduleOf(document)}';\n` +
      `export const x${i}: T${i} = ${JSON.stringify(document, null, 1)};\n`);
  const generated = path.resolve(`manifest-${number}.ts`);
  fs.writeFileSync(generated, text.join(''));
  fileOf.set(generated, file);
}

const program = ts.createProgram([...fileOf.keys()], {
  strict: true, noEmit: true, skipLibCheck: true, types: [], target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext,
});
let findings = 0;
for (const diagnostic of ts.getPreEmitDiagnostics(program)) {
  const file = fileOf.get(diagnostic.file?.fileName) ?? '?';
  const text = ts.flattenDiagnosticMessageText(diagnostic.messageText, ' ').replace(/\s+/g, ' ');
  console.log(`${file}: ${text.slice(0, 160)}`);
  findings += 1;
}
process.exit(findings === 0 ? 0 : 1);
