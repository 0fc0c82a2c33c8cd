// A paste embedded in another site: numbers and highlights its lines, and posts its height to embed_loader.js on the
// embedding page. Stores nothing and uses the system's theme.
import { PLAIN } from "../../generated/constants.js";
import { highlight } from "../highlight/highlighter.js";
import { LineList } from "../paste/line_list.js";

document.documentElement.classList.add("js");

for (const section of document.querySelectorAll("section[data-language]")) {
  const { language } = section.dataset;
  const lineList = new LineList(section.querySelector("pre"));
  if (language !== PLAIN) highlightSection(section, lineList, language);
}

async function highlightSection(section, lineList, language) {
  try {
    const isWhole = await highlight(lineList.text, language, (number, lines) => lineList.highlight(number, lines));
    if (!isWhole) lineList.clearHighlighting();
    section.dataset.highlighted = isWhole ? "whole" : "stopped";
  } catch {
    section.dataset.highlighted = "stopped"; // The embedding page's sandbox may forbid workers.
  }
}

const sendHeight = () => parent.postMessage({ pasteurHeight: Math.ceil(document.body.getBoundingClientRect().height) }, "*");
if (parent !== window) new ResizeObserver(sendHeight).observe(document.body);
