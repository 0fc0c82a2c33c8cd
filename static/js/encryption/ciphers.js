// Encryption in the browser, in the two formats that the server stores: version 2 of PrivateBin
// (https://github.com/PrivateBin/PrivateBin/wiki/Encryption-format), and the format of the original Pasteur (decryption
// only). The key is in the URL fragment, which browsers do not send.
const ITERATIONS = 100_000;
const SECRET_BYTES = 32;
const MAX_ITERATIONS = 10_000_000;
const BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const LEGACY_IV = fromHex("483b2ec4440d2cb046f4d576a194260d"); // The IV used by older versions of the original Pasteur.

// Encrypt files, each { name, language, content }. Resolves to the ciphertext and the key to put in the URL fragment.
export async function seal(files, password, burns) {
  const secret = crypto.getRandomValues(new Uint8Array(SECRET_BYTES));
  const iv = crypto.getRandomValues(new Uint8Array(16));
  const salt = crypto.getRandomValues(new Uint8Array(8));
  const compression = globalThis.CompressionStream ? "zlib" : "none";
  const adata = [[toBase64(iv), toBase64(salt), ITERATIONS, 256, 128, "aes", "gcm", compression], "plaintext", 0, Number(burns)];
  const plain = new TextEncoder().encode(JSON.stringify({ paste: files[0].content, files }));
  const packed = compression === "zlib" ? await transform(plain, new CompressionStream("deflate-raw")) : plain;
  const key = await derive(secret, encodingsOf(password).at(-1), salt, ITERATIONS, 256, "AES-GCM", "encrypt");
  const cipher = { name: "AES-GCM", iv, additionalData: new TextEncoder().encode(JSON.stringify(adata)), tagLength: 128 };
  const sealed = new Uint8Array(await crypto.subtle.encrypt(cipher, key, packed));
  // `password` tells the reader's page whether a password is missing or the key is wrong.
  return { text: JSON.stringify({ v: 2, adata, ct: toBase64(sealed), password: password !== "" }), key: toBase58(secret) };
}

// A small ciphertext may decompress to huge content: zeros compress to a thousandth of their size.
export class TooLargeError extends Error {}

// Return whether a ciphertext has a password: true, false, or undefined if it does not contain this information.
export function hasPassword(text) {
  return isLegacy(text) ? false : JSON.parse(text).password;
}

// Whether text from a URL has the format of a complete key: 32 bytes, or a key of the original Pasteur.
export function isWholeKey(text) {
  try {
    return text.startsWith("eyJ") ? legacyKey(text).length > 0 : fromBase58(text.replace(/^-/, "")).length === SECRET_BYTES;
  } catch {
    return false;
  }
}

// Decrypt a paste. Resolves to its files and to the attachment sent by PrivateBin clients, if any. Rejects if the key
// or password is wrong or the ciphertext was changed, and with TooLargeError if it decompresses to more than maxBytes.
export async function open(text, key, password, maxBytes) {
  if (isLegacy(text)) return { files: [{ name: "", language: "", content: await decryptLegacy(text.trim(), key) }] };
  const { adata, ct } = JSON.parse(text);
  const [[iv, salt, iterations, bits, tag, , mode, compression], formatter] = adata;
  if (mode !== "gcm" || iterations > MAX_ITERATIONS) throw new Error("unsupported cipher");
  const secret = fromBase58(key.replace(/^-/, ""));
  const additionalData = new TextEncoder().encode(JSON.stringify(adata));
  const cipher = { name: "AES-GCM", iv: fromBase64(iv), additionalData, tagLength: tag };
  const decrypt = async (encoded) => {
    const aes = await derive(secret, encoded, fromBase64(salt), iterations, bits, "AES-GCM", "decrypt");
    return new Uint8Array(await crypto.subtle.decrypt(cipher, aes, fromBase64(ct)));
  };
  const [utf8Password, lowBytes] = encodingsOf(password);
  const packed = await decrypt(utf8Password).catch((error) => {
    if (lowBytes) return decrypt(lowBytes);
    throw error;
  });
  const plain = compression === "zlib" ? await transform(packed, new DecompressionStream("deflate-raw"), maxBytes) : packed;
  const { paste, files, attachment, attachment_name } = JSON.parse(utf8(plain));
  const singleFile = { name: "", language: formatter === "markdown" ? "markdown" : "", content: paste };
  return { files: Array.isArray(files) && files.length ? files : [singleFile], attachment, attachment_name };
}

// Older ciphertexts use a fixed IV, and newer ones start with their own. If the IV is wrong, the first block is garbage.
async function decryptLegacy(hex, fragment) {
  const raw = legacyKey(fragment);
  const key = await crypto.subtle.importKey("raw", raw, "AES-CBC", false, ["decrypt"]);
  const bytes = fromHex(hex);
  const decrypt = async (iv, sealed) => utf8(new Uint8Array(await crypto.subtle.decrypt({ name: "AES-CBC", iv }, key, sealed)));
  try {
    const text = await decrypt(LEGACY_IV, bytes);
    if (!/[\0-\x08\x0e-\x1f]/.test(text.slice(0, 16))) return text;
  } catch {
    // The ciphertext starts with its own IV.
  }
  return decrypt(bytes.slice(0, 16), bytes.slice(16));
}

function legacyKey(fragment) {
  const { k } = JSON.parse(atob(decodeURIComponent(fragment)));
  return fromBase64(k.replace(/-/g, "+").replace(/_/g, "/"));
}

function isLegacy(text) {
  return /^[0-9a-f\s]+$/.test(text);
}

// Return the encodings of a password that clients use: UTF-8 and, beyond ASCII, that of PrivateBin's pages, which keep the
// low byte of each UTF-16 unit. Pastes are encrypted with the last one, because those pages do not support the other.
function encodingsOf(password) {
  const utf8Password = new TextEncoder().encode(password);
  if (utf8Password.length === password.length) return [utf8Password];
  return [utf8Password, Uint8Array.from(password.split(""), (unit) => unit.charCodeAt(0) & 0xff)];
}

async function derive(secret, password, salt, iterations, bits, name, use) {
  const material = new Uint8Array([...secret, ...password]);
  const base = await crypto.subtle.importKey("raw", material, "PBKDF2", false, ["deriveKey"]);
  return crypto.subtle.deriveKey({ name: "PBKDF2", salt, iterations, hash: "SHA-256" }, base, { name, length: bits }, false, [use]);
}

async function transform(bytes, stream, maxBytes = Infinity) {
  const reader = new Blob([bytes]).stream().pipeThrough(stream).getReader();
  const chunks = [];
  let size = 0;
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    size += part.value.length;
    if (size > maxBytes) {
      reader.cancel().catch(() => {});
      throw new TooLargeError();
    }
    chunks.push(part.value);
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}

function utf8(bytes) {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
}

function toBase64(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
}

function fromBase64(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

function fromHex(text) {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

function toBase58(bytes) {
  let number = bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
  let text = "";
  for (; number; number /= 58n) text = BASE58[Number(number % 58n)] + text;
  const zeros = bytes.findIndex((byte) => byte);
  return "1".repeat(zeros < 0 ? bytes.length : zeros) + text;
}

function fromBase58(text) {
  let number = 0n;
  for (const letter of text) {
    const value = BASE58.indexOf(letter);
    if (value < 0) throw new Error("invalid key");
    number = number * 58n + BigInt(value);
  }
  const bytes = [];
  for (; number; number /= 256n) bytes.unshift(Number(number % 256n));
  return new Uint8Array([...Array(/^1*/.exec(text)[0].length).fill(0), ...bytes]);
}
