// An address as a QR code, drawn in this browser: what stands after its # is nobody else's business.
import { encode } from "../../vendor/qr/uqr.js";
import { gettext } from "./messages.js";

const SVG = "http://www.w3.org/2000/svg";
const MARGIN = 4; // Modules of white around it, without which cameras do not find it (ISO/IEC 18004).

// Return the picture; it is black on white in every theme.
export function drawn(address) {
  const { data, size } = encode(address, { ecc: "M", border: MARGIN });
  const squares = data.flatMap((row, y) => row.map((isDark, x) => (isDark ? `M${x} ${y}h1v1h-1z` : "")));
  const facts = { viewBox: `0 0 ${size} ${size}`, role: "img", "aria-label": gettext("QR code of the address"), "shape-rendering": "crispEdges" };
  return part("svg", facts, part("rect", { width: size, height: size, fill: "#fff" }), part("path", { d: squares.join(""), fill: "#000" }));
}

function part(tag, facts, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(facts)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}
