// Removes a folder of what is built, so that nothing is left of sources that are gone.
import { rmSync } from "node:fs";

for (const name of process.argv.slice(2)) rmSync(name, { recursive: true, force: true });
