// Builds style, script and fonts into dist/, each file named by its content so that it may be cached for ever,
// with brotli and gzip copies beside it. Fails when a page would carry more than its budget.

import { createHash } from "node:crypto";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, "dist");
const require = createRequire(import.meta.url);
const BUDGET = { script: 150_000, style: 80_000, tracker: 4_000 };

const manifest = {};
const written = [];

/** Writes `app.css` as `app.<hash>.css` and remembers it under its plain name. Returns the new name and its size as sent. */
function put(name, bytes) {
  const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 12);
  const dot = name.lastIndexOf(".");
  const file = `${name.slice(0, dot)}.${hash}${name.slice(dot)}`;
  written.push([file, bytes]);
  manifest[name] = file;
  if (name.endsWith(".woff2")) return { file, sent: bytes.length };
  const br = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
  written.push([`${file}.br`, br], [`${file}.gz`, gzipSync(bytes, { level: 9 })]);
  return { file, sent: br.length };
}

function fonts() {
  const home = dirname(require.resolve("@fontsource-variable/inter/package.json"));
  const css = readFileSync(join(home, "index.css"), "utf8");
  return css
    .replace(/\/\*[\s\S]*?\*\//g, "")
    .replace(/url\(\.\/files\/(inter-[a-z-]+)-wght-normal\.woff2\)/g, (_, name) => {
      const bytes = readFileSync(join(home, "files", `${name}-wght-normal.woff2`));
      return `url(${put(`${name}.woff2`, bytes).file})`;
    })
    .replace(/\s+/g, " ");
}

function style(fontFaces) {
  const scratch = mkdtempSync(join(tmpdir(), "regulars-style-"));
  try {
    const output = join(scratch, "app.css");
    const cli = join(dirname(require.resolve("@tailwindcss/cli/package.json")), "dist", "index.mjs");
    const run = spawnSync(process.execPath, [cli, "-i", "css/app.css", "-o", output, "--minify"], {
      cwd: here,
      encoding: "utf8",
    });
    if (run.status !== 0) throw new Error(`tailwindcss failed:\n${run.stderr || run.stdout}`);
    return put("app.css", Buffer.from(fontFaces + readFileSync(output, "utf8"))).sent;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function script(name, target = "es2022") {
  const { outputFiles } = await build({
    absWorkingDir: here,
    entryPoints: [`js/${name}`],
    bundle: true,
    minify: true,
    write: false,
    format: "iife",
    target,
    legalComments: "none",
  });
  return put(name, Buffer.from(outputFiles[0].contents)).sent;
}

const styleSent = style(fonts());
const scriptSent = (await script("theme.js")) + (await script("app.js"));
// Other people's pages load it, gzip is what they all take, and their browsers may be older.
await script("regulars.js", "es2018");
const trackerSent = written.find(([file]) => /^regulars\..*\.gz$/.test(file))[1].length;
for (const icon of ["favicon.svg"]) put(icon, readFileSync(join(here, icon)));

// Only now is the old build removed, so that a failing one leaves the last good files in place.
mkdirSync(dist, { recursive: true });
for (const old of readdirSync(dist)) if (old !== ".gitkeep") rmSync(join(dist, old), { recursive: true });
for (const [file, bytes] of written) writeFileSync(join(dist, file), bytes);
writeFileSync(join(dist, "manifest.json"), JSON.stringify(manifest, null, 2) + "\n");

console.log(`style ${styleSent} B, script ${scriptSent} B (brotli), regulars.js ${trackerSent} B (gzip)`);
if (styleSent > BUDGET.style || scriptSent > BUDGET.script || trackerSent > BUDGET.tracker) {
  console.error(`over budget: style ${BUDGET.style} B, script ${BUDGET.script} B, regulars.js ${BUDGET.tracker} B`);
  process.exit(1);
}
