import * as elements from "ssetarget/element";
import { page } from "./client-page.ts";

// What is not used is left out of the page's script.
Object.assign(globalThis, { page, elements });
