// Everything here makes pages more comfortable; none of them needs it.
import "./menu.js";
import "./dialog.js";
import "./combobox.js";
import "./filters.js";
import "./shortcuts.js";
import "./suggestions.js";
import "./answer.js";
import "./feedback.js";
import "./live.js";
import "./upload.js";
import "./viewer.js";
import "./map.js";
