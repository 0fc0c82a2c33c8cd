// Detects languages by their signatures: weighted patterns that are typical of a language. If languages score similarly,
// the worker lets highlight.js decide. Prose and logs match too few patterns to be mistaken for a language.
const MAX_MATCHES = 6; // The maximum number of matches counted per signature.
const MIN_SCORE = 3; // Lower scores are coincidental.
const MAX_CANDIDATES = 4;
const MAX_LINE_LENGTH = 300; // The rest of a longer line adds nothing.
const SIMILAR = 1.5; // The ratio up to which two scores are considered similar.

// The signatures of each language as [weight, pattern], matched line by line.
const SIGNATURES = {
  bash: [
    [12, /^#!.*\b(?:ba|da|k|z)?sh\b/],
    [3, /^\s*(?:if|elif|while|until) (?:\[\[? |! |test |command )/],
    [2, /(?:^|; )\s*(?:then|fi|esac|done)\b(?!:)/],
    [2, /^\s*(?:for \w+ in .*|\w+\(\) ?\{)/],
    [1.5, /^\s*(?:sudo|apt-get|cd|echo|export|mkdir|rm|cp|mv|curl|wget|chmod|docker|git|grep|sed|local|source|set) [-\w./~"'$]/],
    [1, /\$(?:\(|\{?[A-Za-z_1-9@#?]\w*)|\|\| | && | >\/dev\/null|2>&1/],
  ],
  c: [
    [3, /^\s*#\s*include\s*[<"]/],
    [2, /^\s*#\s*(?:define|ifdef|ifndef|endif|undef|elif)\b/],
    [1, /\b(?:int|void|char|unsigned|long|short|float|double|size_t|uint\d+_t|struct \w+)\s+\**\w+\s*[(;=,)[]/],
    [1.5, /\b(?:printf|malloc|free|sizeof|strlen|memcpy)\s?\(|\bNULL\b|^\s*(?:typedef|extern|static inline)\b/],
  ],
  cpp: [[3, /\bstd::|\btemplate\s*<|\bcout\s*<<|#include <(?:iostream|vector|string|map|memory|algorithm)>|^\s*(?:public|private|protected):|\bvirtual\b|\bnullptr\b|\w+::\w+\(/]],
  csharp: [
    [3, /^\s*using [\w.]+;$/],
    [2, /^\s*namespace [\w.]+\s*[;{]?$/],
    [3, /\bConsole\.(?:Write|Read)|\basync Task\b|\{ get; |\bvar \w+ = await |\bforeach \(var /],
    [2, /^\s*(?:public|private|protected|internal) (?:(?:static|async|override|readonly|virtual|sealed|partial) )*(?:class|interface|void|int|string|bool|Task|[A-Z]\w*(?:<.*>)?) \w+/],
  ],
  css: [
    [2, /^\s*(?:color|margin|padding|display|font(?:-\w+)?|background(?:-\w+)?|border(?:-\w+)*|width|height|position|top|left|float|text-\w+)\s*:\s*[^;{]+;/],
    [0.7, /^\s*[a-z-]+\s*:\s*[^;{}]+;\s*$|^\s*(?:[.#][\w-]+|[a-z]+\d?|\*|:root|@media\b.*)[^;{}()]*\{\s*$/],
  ],
  diff: [[12, /^diff --git |^@@ -\d+(?:,\d+)? \+\d+(?:,\d+)? @@/], [2, /^(?:---|\+\+\+) \S/]],
  dockerfile: [[2.5, /^FROM [\w./:-]+(?: (?:AS|as) \w+)?$/], [2.5, /^(?:RUN|COPY|CMD|ENTRYPOINT|WORKDIR|EXPOSE|ENV|ADD|USER) [[\w./"-]/]],
  go: [
    [4, /^package \w+$/],
    [3, /^func (?:\(\w+ \*?\w+\) )?\w+\(.*\{$|\bif err != nil\b|\bfmt\.\w+\(/],
    [2, /^import (?:\(|")|^type \w+ (?:struct|interface) \{|\bchan \w|\bdefer \w/],
    [1, /\w :?= .*\brange\b|\w := /],
  ],
  haskell: [[3, /^\w+'* :: |^module [A-Z][\w.]* |^\s*deriving\b/], [2, /^import (?:qualified )?[A-Z]\w*(?:\.[A-Z]\w*)*(?: \(.*\)| as \w+)?$/], [1, / <- |^\s*where$| = do$/]],
  ini: [[2.5, /^\[[A-Za-z][\w .:"/-]*\]\s*$/], [0.6, /^[\w.-]+ ?= ?\S/]],
  java: [
    [4, /^package [\w.]+;$|^import (?:static )?[a-z][\w.]+(?:\.\*)?;$|\bSystem\.out\.|^\s*@Override\b/],
    [2, /^\s*(?:public|private|protected) (?:(?:static|final|abstract|synchronized) )*(?:class|interface|enum|void|int|long|boolean|String|[A-Z]\w*(?:<.*>)?)(?:\[\])? \w+/],
    [1, /\bnew [A-Z]\w*(?:<.*>)?\(|\bthrows [A-Z]|\bfinal [A-Z]\w+ \w+/],
  ],
  javascript: [
    [3, /\bconsole\.\w+\(|\bdocument\.\w|\brequire\(["']|\bmodule\.exports\b|^\s*export (?:default|const|function|class|async)\b|^\s*import .*\bfrom ["']|^\s*["']use strict["']/],
    [2, /\) => [{(\w]|\w => [{(\w]|===|!==|\bfunction\s*\w*\([\w, ]*\) ?\{|\basync function\b|\bawait \w/],
    [1, /\b(?:const|let|var) [\w{[][^=]*=(?!=)|\bundefined\b|\btypeof \w|\}\);?$/],
  ],
  kotlin: [[4, /\bfun (?:<.*> )?(?:\w+\.)?\w+\(|\bdata class\b/], [2, /^\s*(?:private |override )?va[lr] \w+(?:: \w+)? = [^;]*$|\bwhen \(|\blistOf\(/]],
  lua: [[3, /^\s*local (?:function \w+|\w+(?:, \w+)* = )|\bfunction [\w.:]*\([\w, .]*\)$/], [1, /^\s*end[,)]*$|\bthen$| \.\. \w| \.\. "/]],
  makefile: [[6, /^\.PHONY\s*:/], [1, /^\t.*\$[(@<^]|^[A-Z_]+ ?[:?+]?= /]],
  markdown: [
    [3, /^```|(?:^|[^!\w])!?\[[^\]]+\]\((?:https?:|\/|#|\.|mailto:)?[^)\s]+\)|^#{2,6} \w/],
    [1.5, /\*\*[^*\s][^*]*\*\*|^\s*[-*] \[[ x]\] /],
    [0.4, /^# [A-Z]|^\s*[-*] \w|^> \w|`[^`]+`/],
  ],
  nginx: [[3, /^\s*(?:server|location .*|upstream \w+|http|events) \{$/], [2, /^\s*(?:listen|server_name|proxy_\w+|root|index|try_files|ssl_\w+|return \d+|include) .*;$/]],
  perl: [
    [12, /^#!.*\bperl\b/],
    [4, /^\s*use (?:strict|warnings|utf8|vars|lib|parent|base|[A-Z]\w*(?:::\w+)*)\b[^;]*;|^=(?:head\d|cut|pod|over|item|back)\b/],
    [3, /\b(?:my|our) (?:[$@%]\w|\([$@%])|^\s*package \w+(?:::\w+)*;/],
    [2, / =~ |\$_\b|@_\b|\$\w+->|^\s*sub \w+|\bshift;|\bunless \(/],
  ],
  php: [[14, /<\?php|<\?=/], [3, /\$this->|\bfunction \w*\(.*\$\w+|^\s*use [A-Z]\w*(?:\\\w+)+;/], [1, /^\s*\$\w+(?:\[.*\])? = .*;$|\becho .*;$|\bforeach \(\$/]],
  powershell: [[3, /\b(?:Get|Set|New|Write|Remove|Add|Where|ForEach|Import|Invoke|Select|Out|Start|Stop|Test|Install)-[A-Z][a-z]\w+\b(?!:)/], [1, /^\s*\$\w+ = [^;]*$|\s-(?:eq|ne|gt|lt|match|like)\s|^\s*param\s*\(|\$env:/i]],
  python: [
    [12, /^#!.*\bpython[\d.]*\b/],
    [3, /^\s*from [\w.]+ import [\w(*]|^\s*(?:async )?def \w+\(.*(?:[,(]|\)(?: -> .+)?:)\s*(?:#.*)?$|^\s*class \w+(?:\(.*\))?:\s*$|^\s*except\b.*:$|^\s*with .+ as \w+:$|^\s*elif .+:$/],
    [2, /^\s*import [a-z_][\w.]*(?: as \w+)?(?:, [\w.]+)*\s*(?:#.*)?$|\bself\.\w|\b__\w+__\b|^\s*(?:if|for|while) .*[^{]:\s*(?:#.*)?$|^\s*(?:try|else|finally):$/],
    [1, /^\s*print\(.*\)\s*$|^\s*(?:r|f|b|u)?"""|^\s*(?:return|yield|raise|assert|pass|continue)\b[^;]*$|\bNone\b|\bTrue\b|\bFalse\b|\bis not\b|^\s*@[a-z]\w*(?:\.\w+)*(?:\(.*\))?$/],
  ],
  "python-repl": [[6, /^>>> \S/]],
  ruby: [
    [12, /^#!.*\bruby\b/],
    [4, /\bdo \|[\w, ()*&]+\|$|^\s*attr_(?:accessor|reader|writer) :|\.(?:each|nil\?|empty\?|to_s|to_sym)\b/],
    [2, /^\s*(?:def (?:self\.)?\w+[?!]?(?:\(.*\)| \w.*)?|module [A-Z]\w*|class [A-Z]\w*(?: < [\w:]+)?)$|^\s*require(?:_relative)? ['"]|^\s*puts |\belsif\b/],
    [1, /^\s*end$|@\w+ \|?\|?= |#\{|\bunless \w| => /],
  ],
  rust: [
    [3, /\bfn \w+(?:<.*>)?\(.*|\blet mut \w|^use (?:std|crate|super|\w+)(?:::[\w{}, *]+)+;|^\s*#!?\[\w+|\bimpl(?:<.*>)? \w|\bpub (?:fn|struct|enum|mod|use)\b/],
    [1, /\w+!\(|&mut |&self\b|\b(?:Option|Result|Vec)<|::new\(|=> (?:\{|\w+\()|\.unwrap\(\)/],
  ],
  sql: [
    [3, /^\s*(?:INSERT INTO|DELETE FROM|CREATE (?:OR REPLACE )?(?:TABLE|INDEX|VIEW|DATABASE|UNIQUE|FUNCTION)|ALTER TABLE|DROP TABLE|SELECT\b.*\bFROM|UPDATE \w+ SET|WITH \w+ AS \()\b/i],
    [1.5, /^\s*(?:SELECT|FROM|WHERE|GROUP BY|ORDER BY|HAVING|VALUES|LIMIT|(?:(?:INNER|OUTER|LEFT|RIGHT|CROSS) )*JOIN)\b/],
    [1, /\b(?:PRIMARY KEY|NOT NULL|VARCHAR|INTEGER|DEFAULT|REFERENCES)\b|\bwhere \w+ ?(?:=|like|in)\b/i],
  ],
  swift: [[4, /\b(?:guard|if) let \w|^import (?:Foundation|UIKit|SwiftUI|Combine)$|\bfunc \w+\(_ \w+: |\bguard .* else \{/], [1.5, /\bfunc \w+(?:<.*>)?\(.*\w+: .*\)(?: throws)?(?: -> .+)? \{|^\s*(?:let|var) \w+: [A-Z]\w*/]],
  typescript: [
    [3, /: (?:string|number|boolean|void|any|unknown|Promise<.*>)(?:\[\])?(?:[;,)=]| =| \{)|^\s*(?:export )?(?:interface \w+(?: extends \w+)? \{|type \w+(?:<.*>)? = )|^\s*(?:private|public|protected|readonly) \w+\??: |\bas (?:const|string|number|any)\b/],
  ],
  yaml: [[1, /^---$/]],
  xml: [[12, /^\s*<(?:!doctype html|\?xml\b)/i], [1.5, /<\/[a-z][\w:-]*>/i], [1, /^\s*<[a-z][\w:-]*(?:\s[^<>]*)?>|^\s*<!--|\s\/>/i]],
};
const EXTENDS = { cpp: "c", typescript: "javascript" }; // If an extension matches any of its own signatures, the score of its base is added.
const RULE = /^[\w.%/$()-]+(?: [\w.%/$()-]+)*\s*:(?![=:])[^=]*$/;
const PAIR = /^\s*(?:- )*(?:"[^"]+"|'[^']+'|[\w./-]+):(?:\s+\S.*)?$/;

// Return the candidate languages, most likely first. There is usually one, none, or several with similar scores.
export function candidates(text) {
  if (isJson(text)) return ["json"];
  const lines = text.split("\n").filter((line) => line.trim()).map((line) => line.slice(0, MAX_LINE_LENGTH));
  const scores = Object.fromEntries(Object.entries(SIGNATURES).map(([language, signatures]) => [language, score(lines, signatures)]));
  for (const [language, base] of Object.entries(EXTENDS)) if (scores[language]) scores[language] += scores[base];
  if (isYaml(lines)) scores.yaml += 6;
  scores.makefile += 2.5 * lines.filter((line, at) => RULE.test(line) && lines[at + 1]?.startsWith("\t")).length;
  const best = Math.max(...Object.values(scores));
  const likely = Object.entries(scores).filter(([, value]) => value >= MIN_SCORE && value * SIMILAR >= best);
  return likely.sort(([, one], [, other]) => other - one).slice(0, MAX_CANDIDATES).map(([language]) => language);
}

function score(lines, signatures) {
  return signatures.reduce((sum, [weight, pattern]) => {
    let matches = 0;
    for (const line of lines) if (pattern.test(line) && ++matches === MAX_MATCHES) break;
    return sum + weight * matches;
  }, 0);
}

function isJson(text) {
  if (!/^\s*[[{]/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return /^\s*(?:\[\s*)?\{\s*"[^"\n]+"\s*:/.test(text); // The text may continue beyond the examined part.
  }
}

// Whether nearly all lines are keys or items and some are nested, unlike mail headers.
function isYaml(lines) {
  const content = lines.filter((line) => !/^\s*#/.test(line));
  const pairs = content.filter((line) => PAIR.test(line));
  const items = content.filter((line) => /^\s*- /.test(line));
  const isNested = pairs.some((line, at) => at > 0 && /^(?: {2,}|- )/.test(line));
  return pairs.length > 1 && isNested && new Set([...pairs, ...items, ...content.filter((line) => /^(?:---|\.\.\.)$/.test(line))]).size >= 0.85 * new Set(content).size;
}
