// Sends text exactly as it is in the field. A form by itself turns every line end into CR LF. The server takes a part with
// an empty file name for an ordinary field, and browsers do not change the bytes of such a part.
document.addEventListener("formdata", (event) => {
  for (const box of event.target.querySelectorAll("textarea.code")) {
    event.formData.set(box.name, new File([box.value], "", { type: "text/plain" }));
  }
});
