// On the form: guesses the language of a text of which neither its name nor its author says it. The guess is a choice of
// its own in the list of languages, and is taken back as soon as somebody knows better.
import { make } from "../page/dom.js";
import { beginning, guess } from "../highlight/highlighter.js";
import { gettext } from "../page/messages.js";

const LEAST_LETTERS = 20;

// `editor.told` is the language that the name says, undefined where it says none; `editor.wantsNoGuess`, whether a guess
// was refused.
export async function guessFor(editor) {
  if (!mayGuess(editor)) return takeBack(editor);
  const text = beginning(editor.box.value);
  if (text === editor.lookedAt) return;
  editor.lookedAt = text;
  const language = await guess(text);
  if (text !== editor.lookedAt) return; // It went on.
  if (language && mayGuess(editor)) await show(editor, language);
  else takeBack(editor);
}

function mayGuess(editor) {
  const isOpen = editor.language.value === "" || editor.guessed?.selected;
  return isOpen && !editor.told && !editor.wantsNoGuess && !editor.upload.files.length && editor.box.value.length >= LEAST_LETTERS;
}

async function show(editor, language) {
  const { labels } = await import("../../generated/languages.js");
  if (!editor.guessed) {
    editor.guessed = make("option");
    editor.guessed.dataset.guessed = "";
    editor.language.options[0].after(editor.guessed);
  }
  editor.guessed.value = language;
  editor.guessed.textContent = gettext("guessed: %(language)s", { language: gettext(labels[language]) });
  editor.guessed.selected = true;
  editor.preview.offer(language);
}

function takeBack(editor) {
  if (!editor.guessed) return;
  if (editor.guessed.selected) {
    editor.language.value = "";
    editor.preview.offer(editor.told ?? "");
  }
  editor.guessed.remove();
  editor.guessed = editor.lookedAt = undefined;
}
