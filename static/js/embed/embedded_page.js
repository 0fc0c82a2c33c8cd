// A paste inside the page of another site: numbered and coloured lines, and its height for the embed.js of that page.
// It remembers nothing, and the theme is the system's.
import { colour } from "../highlight/highlighter.js";
import { Listing } from "../paste/line_list.js";

document.documentElement.classList.add("js");

for (const section of document.querySelectorAll("section[data-language]")) {
  const listing = new Listing(section.querySelector("pre"));
  const { language } = section.dataset;
  if (language !== "plaintext") paint(section, listing, language);
}

async function paint(section, listing, language) {
  try {
    const whole = await colour(listing.text, language, (number, lines) => listing.colour(number, lines));
    if (!whole) listing.bleach();
    section.dataset.painted = whole ? "whole" : "stopped";
  } catch {
    section.dataset.painted = "stopped"; // A sandbox may allow no workers: the text stays plain.
  }
}

const tell = () => parent.postMessage({ pasteurHeight: Math.ceil(document.body.getBoundingClientRect().height) }, "*");
if (parent !== window) new ResizeObserver(tell).observe(document.body);
