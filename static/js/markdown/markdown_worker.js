// The worker that converts Markdown to markup. The page may terminate it at any time. Its output is not trusted and is
// sanitised by render.js.
import MarkdownIt from "../../vendor/markdown/markdown-it.js";
import { extensions } from "../../generated/languages.js";
import { hljs, load } from "../highlight/grammars.js";

const TAGS_IN_A_PIECE = 1_500; // The page inserts one piece at a time and stays responsive in between.
const MAX_TAGS_IN_A_PIECE = 8_000; // More than this in a single table or list would block the page.
const MAX_TAGS = 120_000;
const MAX_LANGUAGES = 8;
const MAX_CODE_LENGTH = 20_000; // Longer code is not highlighted.
const MAX_LOADING_MS = 700;

const markdown = new MarkdownIt({ html: true, linkify: true, highlight });
markdown.linkify.set({ fuzzyLink: false, fuzzyEmail: false });

function highlight(code, info) {
  const language = languageOf(info);
  if (code.length > MAX_CODE_LENGTH || !hljs.getLanguage(language)) return "";
  return hljs.highlight(code, { language, ignoreIllegals: true }).value;
}

// Return the language specified after a code fence, which may be a file extension.
function languageOf(info) {
  const word = info.trim().toLowerCase().split(/[\s,{]/)[0];
  if (Object.hasOwn(extensions, word)) return word;
  return Object.keys(extensions).find((name) => extensions[name].split(" ").includes(word)) ?? "";
}

async function loadLanguages(tokens) {
  const fences = tokens.filter(({ type }) => type === "fence").map(({ info }) => languageOf(info));
  const names = [...new Set(fences)].filter(Boolean).slice(0, MAX_LANGUAGES);
  const late = new Promise((resolve) => setTimeout(resolve, MAX_LOADING_MS));
  await Promise.race([late, Promise.all(names.map((name) => load(name)))]);
}

// Demote headings below those of the page, convert styles to attributes because the CSP forbids them, and replace task
// boxes with characters.
function adapt(tokens, below) {
  for (const [at, token] of tokens.entries()) {
    if (token.type.startsWith("heading_")) token.tag = `h${Math.min(6, Number(token.tag[1]) + below)}`;
    const style = token.attrGet("style");
    if (style) token.attrs = [["align", style.split(":")[1]]];
    if (token.type === "inline" && tokens[at - 2]?.type === "list_item_open" && token.children[0]?.type === "text") {
      const [first] = token.children;
      first.content = first.content.replace(/^\[ \] /, "☐ ").replace(/^\[[xX]\] /, "☑ ");
    }
  }
}

// Return the markup in pieces that consist of whole blocks, or null if it is too much for a page.
function piecesOf(tokens) {
  const pieces = [];
  const mayPart = !tokens.some(({ type }) => type === "html_block"); // A tag may be closed several blocks later.
  let [from, tags, all] = [0, 0, 0];
  for (const [at, token] of tokens.entries()) {
    tags += weightOf(token);
    const isLast = at === tokens.length - 1;
    if (tags > MAX_TAGS_IN_A_PIECE) return null;
    if (isLast || (mayPart && tags >= TAGS_IN_A_PIECE && token.level === 0 && token.nesting <= 0)) {
      pieces.push(markdown.renderer.render(tokens.slice(from, at + 1), markdown.options, {}));
      [from, tags, all] = [at + 1, 0, all + tags];
    }
  }
  return all > MAX_TAGS ? null : pieces;
}

// Estimate the number of tags that a token is rendered as.
function weightOf({ type, children, content }) {
  if (children) return children.reduce((sum, { type: inner, tag }) => sum + Number(inner === "html_inline" || tag !== ""), 1);
  if (type === "html_block" || type === "html_inline") return content.split("<").length;
  return type === "fence" ? 2 + content.length / 10 : 1;
}

onmessage = async ({ data: { text, below } }) => {
  const tokens = markdown.parse(text, {});
  adapt(tokens, below);
  await loadLanguages(tokens);
  postMessage({ done: true, pieces: piecesOf(tokens) });
};
postMessage({ ready: true });
