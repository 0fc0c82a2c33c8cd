// Renders Markdown. It is parsed in a worker with a time limit, and DOMPurify only lets through what is on the list below
// before it becomes part of the page.
import "../../vendor/markdown/purify.js";
import { runInWorker } from "../page/worker.js";
import { make } from "../page/dom.js";

const RENDER_SECONDS = 2;
const LOAD_SECONDS = 8;
const TAGS =
  "a abbr b blockquote br caption code dd del details div dl dt em h1 h2 h3 h4 h5 h6 hr i ins kbd li mark ol p pre q s samp" +
  " small span strong sub summary sup table tbody td tfoot th thead tr u ul var";
const DIRECTED = "p, h1, h2, h3, h4, h5, h6, ul, ol, dl, blockquote, td, th";
const HARMLESS = ["align", "start", "colspan", "rowspan", "open"];
const ADDRESS = /^(?:https?:\/\/|mailto:)/i;
const COLOUR = /^(?:hljs-[a-z-]+|class_|function_|inherited__)$/;

// DOMPurify parses markup in an inert document, which requires a separate Trusted Types policy.
const rules = {
  createHTML: (markup) => markup,
  createScriptURL: () => {
    throw new TypeError("not a script of this site");
  },
};
const policy = window.trustedTypes?.createPolicy("pasteur-markdown", rules);
const { DOMPurify } = window;
const list = {
  ALLOWED_TAGS: TAGS.split(" "),
  ALLOWED_ATTR: ["href", "class", "title", ...HARMLESS],
  ALLOWED_URI_REGEXP: ADDRESS,
  ADD_URI_SAFE_ATTR: HARMLESS,
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
  RETURN_DOM_FRAGMENT: true,
  ...(policy && { TRUSTED_TYPES_POLICY: policy }),
};

DOMPurify.addHook("uponSanitizeElement", (node, { tagName }) => {
  if (tagName === "img") node.after(linkTo(node));
});
DOMPurify.addHook("uponSanitizeAttribute", (node, attribute) => {
  if (attribute.attrName !== "class") return;
  attribute.attrValue = attribute.attrValue.split(/\s+/).filter((name) => COLOUR.test(name)).join(" ");
  attribute.keepAttr = attribute.attrValue !== "";
});
DOMPurify.addHook("afterSanitizeAttributes", (node) => {
  if (node.nodeName !== "A" || !node.hasAttribute("href")) return;
  node.setAttribute("rel", "noopener nofollow ugc");
});

// Images are replaced by links, because loading them would reveal readers to other sites.
function linkTo(image) {
  const label = image.getAttribute("alt") || image.getAttribute("src") || "";
  if (image.closest("a")) return label;
  const link = image.ownerDocument.createElement("a");
  link.setAttribute("href", image.getAttribute("src") ?? "");
  link.textContent = label;
  return link;
}

// Return the rendered elements, or null if rendering takes too long or the result is too large. Headings start below
// level `below`.
export async function render(text, { below }) {
  if (!DOMPurify.isSupported) return null;
  const limits = { seconds: RENDER_SECONDS, loading: LOAD_SECONDS };
  const answer = await runInWorker(document.documentElement.dataset.markdown, { text, below }, limits);
  if (!answer?.pieces) return null;
  const elements = [];
  for (const piece of answer.pieces) {
    elements.push(sanitised(piece));
    await new Promise((resolve) => setTimeout(resolve)); // Keep the page responsive.
  }
  return elements;
}

function sanitised(markup) {
  const piece = make("div", { className: "piece" }, DOMPurify.sanitize(markup, list));
  for (const words of piece.querySelectorAll(DIRECTED)) words.dir = "auto"; // Left-to-right or right-to-left.
  for (const code of piece.querySelectorAll("pre")) code.tabIndex = 0;
  for (const table of piece.querySelectorAll("table")) wrap(table);
  return piece;
}

// Make wide tables scroll separately, also with the keyboard.
function wrap(table) {
  const box = make("div", { className: "wide", tabIndex: 0 });
  table.replaceWith(box);
  box.append(table);
}
