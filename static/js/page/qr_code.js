// A URL as a QR code, drawn in the browser because the fragment must not reach a server.
import { encode } from "../../vendor/qr/uqr.js";
import { gettext } from "./messages.js";

const SVG = "http://www.w3.org/2000/svg";
const MARGIN = 4; // The white margin in modules (ISO/IEC 18004), without which cameras do not recognize the code.

// Return the image, which is black on white in every theme.
export function qrCode(address) {
  const { data, size } = encode(address, { ecc: "M", border: MARGIN });
  const squares = data.flatMap((row, y) => row.map((isDark, x) => (isDark ? `M${x} ${y}h1v1h-1z` : "")));
  const attributes = { viewBox: `0 0 ${size} ${size}`, role: "img", "aria-label": gettext("QR code of the address"), "shape-rendering": "crispEdges" };
  return svgElement("svg", attributes, svgElement("rect", { width: size, height: size, fill: "#fff" }), svgElement("path", { d: squares.join(""), fill: "#000" }));
}

function svgElement(tag, attributes, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}
