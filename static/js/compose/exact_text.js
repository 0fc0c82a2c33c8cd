// Sends text exactly as it stands in the box. A form by itself turns every line end into CR LF; a part with an empty
// file name is a field like any other to the server, and its bytes are left alone.
document.addEventListener("formdata", (event) => {
  for (const box of event.target.querySelectorAll("textarea.code")) {
    event.formData.set(box.name, new File([box.value], "", { type: "text/plain" }));
  }
});
