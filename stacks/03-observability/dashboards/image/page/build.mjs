// Builds the page into dist/: names tell the content, scripts are compressed, and the licences of what is inside lie beside.
import * as esbuild from 'esbuild';
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';

const OUT = 'dist';
// Where a package holds both forms, its parts must all be of one: two copies would not know each other's React contexts.
const alias = { '@tanstack/react-query': './node_modules/@tanstack/react-query/build/lib/index.mjs' };
for (const name of ['components', 'core', 'dashboards', 'explore', 'plugin-system']) {
  alias[`@perses-dev/${name}`] = `./node_modules/@perses-dev/${name}/dist/index.js`;
}

fs.rmSync(OUT, { recursive: true, force: true });
const { metafile } = await esbuild.build({
  entryPoints: ['src/main.jsx'],
  outdir: OUT,
  entryNames: '[name]-[hash]',
  bundle: true,
  minify: true,
  metafile: true,
  format: 'esm',
  jsx: 'automatic',
  target: 'es2022',
  alias,
  define: { global: 'globalThis', 'process.env.NODE_ENV': '"production"' },
  loader: { '.woff': 'file', '.woff2': 'file' },
  legalComments: 'none', // licences.txt has them whole
  logLevel: 'warning',
});

const made = Object.keys(metafile.outputs).map((file) => path.basename(file));
const named = (suffix) => made.find((name) => name.startsWith('main-') && name.endsWith(suffix));
const html = fs.readFileSync('src/index.html', 'utf8');
fs.writeFileSync(`${OUT}/index.html`, html.replace('{script}', named('.js')).replace('{style}', named('.css')));
// What esbuild leaves out for a browser is listed, too.
const inside = Object.keys(metafile.inputs).filter((file) => !file.startsWith('(disabled)'));
fs.writeFileSync(`${OUT}/licences.txt`, licences(inside));
for (const name of [named('.js'), named('.css'), 'licences.txt']) {
  fs.writeFileSync(`${OUT}/${name}.gz`, zlib.gzipSync(fs.readFileSync(`${OUT}/${name}`), { level: 9 }));
  fs.rmSync(`${OUT}/${name}`);
}

/** Name, version, licence and the licence's text of every package of which something is inside. */
function licences(inputs) {
  const folders = new Set(inputs.map((file) => file.match(/^.*node_modules\/(@[^/]+\/)?[^/]+/)?.[0]).filter(Boolean));
  return [...folders].sort().map((folder) => {
    const { name, version, license } = JSON.parse(fs.readFileSync(`${folder}/package.json`, 'utf8'));
    const files = fs.readdirSync(folder, { withFileTypes: true })
      .filter((file) => file.isFile() && /^(licen[cs]e|notice|copying)/i.test(file.name));
    const texts = files.map((file) => fs.readFileSync(`${folder}/${file.name}`, 'utf8').trim());
    return [`${name} ${version}: ${license ?? 'see its licence'}`, ...texts].join('\n\n');
  }).join(`\n\n${'-'.repeat(80)}\n\n`);
}
