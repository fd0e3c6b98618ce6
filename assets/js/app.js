// The admin pages' script: htmx, and small helpers bound once to the document, so that whatever htmx swaps in works
// without being wired. Each file states the data attributes it answers to.

import "./htmx.js";
import "./appearance.js";
import "./sidebar.js";
import "./menus.js";
import "./toasts.js";
import "./autosave.js";
import "./sheet.js";
import "./confirm.js";
import "./selection.js";
import "./sorting.js";
import "./choosing.js";
import "./keys.js";
import "./tree.js";
import "./palette.js";
import "./upload.js";
import "./times.js";
import "./copy.js";
import "./faults.js";
import "./expression.js";
import "./mentions.js";
import "./live.js";
import "./columns.js";
import "./drafts.js";
import "./verified.js";
