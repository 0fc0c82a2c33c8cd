// Submits text exactly as entered. By default, forms convert all newlines to CR LF. The server treats a part with an empty
// file name as an ordinary field, and browsers do not change its content.
document.addEventListener("formdata", (event) => {
  for (const box of event.target.querySelectorAll("textarea.code")) {
    event.formData.set(box.name, new File([box.value], "", { type: "text/plain" }));
  }
});
