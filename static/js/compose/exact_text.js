// Submits text exactly as entered. By default, forms convert all newlines to CR LF. The server treats a part with an empty
// file name as an ordinary field, and browsers do not change its content.

// Return the text of a box. `box.original` is the text of a file that was put into it, whose newlines the box does not
// keep. As long as nothing else was changed, it is the text.
globalThis.exactText = (box) => (box.original?.replace(/\r\n?/g, "\n") === box.value ? box.original : box.value);

document.addEventListener("formdata", (event) => {
  event.formData.delete("line_ends"); // Which says that a browser has made the line ends.
  for (const box of event.target.querySelectorAll("textarea.code")) {
    event.formData.set(box.name, new File([globalThis.exactText(box)], "", { type: "text/plain" }));
  }
});
