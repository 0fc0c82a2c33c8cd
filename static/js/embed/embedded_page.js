// A paste inside the page of another site: numbered and highlighted lines, and messages with the height for
// embed_loader.js on that page. Nothing is stored, and the theme is the system's.
import { PLAIN } from "../../generated/constants.js";
import { colour } from "../highlight/highlighter.js";
import { LineList } from "../paste/line_list.js";

document.documentElement.classList.add("js");

for (const section of document.querySelectorAll("section[data-language]")) {
  const { language } = section.dataset;
  const lineList = new LineList(section.querySelector("pre"));
  if (language !== PLAIN) paint(section, lineList, language);
}

async function paint(section, lineList, language) {
  try {
    const isWhole = await colour(lineList.text, language, (number, lines) => lineList.colour(number, lines));
    if (!isWhole) lineList.bleach();
    section.dataset.painted = isWhole ? "whole" : "stopped";
  } catch {
    section.dataset.painted = "stopped"; // The other page's sandbox may allow no workers: the text stays plain.
  }
}

const sendHeight = () => parent.postMessage({ pasteurHeight: Math.ceil(document.body.getBoundingClientRect().height) }, "*");
if (parent !== window) new ResizeObserver(sendHeight).observe(document.body);
