// Files and key of this browser for the engine, which may wait for nothing in the middle of a call.
//
// Files: a few slots in the origin private file system, opened before the engine starts; the engine keeps its files in them.
// Key: 32 random bytes that everything is sealed under. At rest they are encrypted with AES-GCM under a key of WebCrypto that no script can
// read out (`extractable: false`), both in IndexedDB. While the page is open the 32 bytes are in this worker's memory, since WebCrypto
// answers with promises and the engine cannot wait for them. So they are safe from other origins and from a look at a copied file
// of the store, and no safer than the browser's profile from somebody who can read all of that or run script in this origin.

const FOLDER = "tastekeeper";
const SLOTS = 16;
const PATIENCE_MS = 3_000;
const WRAP = "AES-GCM";

function request(asked) {
  return new Promise((resolve, reject) => {
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
}

/** One record in IndexedDB. */
async function record(mode, use) {
  const opening = indexedDB.open(FOLDER, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore("keys");
  const database = await request(opening);
  try {
    const change = database.transaction("keys", mode, { durability: "strict" });
    const done = new Promise((resolve, reject) => {
      change.oncomplete = resolve;
      change.onabort = change.onerror = () => reject(change.error);
    });
    const answer = await request(use(change.objectStore("keys")));
    await done;
    return answer;
  } finally {
    database.close();
  }
}

/** The slots, or why not. A page that was just left may still hold them for a moment. */
async function openSlots() {
  const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle(FOLDER, { create: true });
  const until = Date.now() + PATIENCE_MS;
  for (;;) {
    const slots = [];
    try {
      for (let slot = 0; slot < SLOTS; slot += 1) {
        const file = await folder.getFileHandle(`slot-${String(slot).padStart(2, "0")}`, { create: true });
        slots.push(await file.createSyncAccessHandle());
      }
      return slots;
    } catch (error) {
      for (const slot of slots) slot.close();
      if (error.name !== "NoModificationAllowedError" || Date.now() > until) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Runs what may fail, and says so with a value: the engine has errors of its own. */
function attempt(use, failed) {
  try {
    return use();
  } catch (error) {
    return typeof failed === "function" ? failed(error) : failed;
  }
}

const isFull = (error) => (error.name === "QuotaExceededError" ? 1 : 2);

function hostOf(slots) {
  return {
    now: () => Date.now(),
    random: (bytes) => attempt(() => (crypto.getRandomValues(bytes), true), false),
    slotCount: () => slots.length,
    slotSize: (slot) => attempt(() => slots[slot].getSize(), -1),
    slotRead: (slot, at, bytes) => attempt(() => slots[slot].read(bytes, { at }), -1),
    slotWrite: (slot, at, bytes) => attempt(() => (slots[slot].write(bytes, { at }) === bytes.length ? 0 : 1), isFull),
    slotTruncate: (slot, size) => attempt(() => (slots[slot].truncate(size), true), false),
    slotFlush: (slot) => attempt(() => (slots[slot].flush(), true), false),
  };
}

const inMemory = (kind) => ({
  kind, host: hostOf([]), root: () => new Uint8Array(), saveKey: async () => {}, forgetKey: async () => {}, close() {},
});

/** The store of this browser: `persistent`, or in memory (`memory`: there is none here; `busy`: another tab has it). */
export async function openStore(memoryOnly) {
  const has = navigator.storage?.getDirectory && globalThis.FileSystemSyncAccessHandle && crypto.subtle && globalThis.indexedDB;
  if (memoryOnly || !has) return inMemory("memory");
  let slots;
  try {
    slots = await openSlots();
  } catch (error) {
    return inMemory(error.name === "NoModificationAllowedError" ? "busy" : "memory");
  }
  let root;
  let isSaved = false;
  try {
    const kept = await record("readonly", (keys) => keys.get("root"));
    if (kept) {
      root = new Uint8Array(await crypto.subtle.decrypt({ name: WRAP, iv: kept.iv }, kept.key, kept.sealed));
      isSaved = true;
    }
  } catch {
    for (const slot of slots) slot.close();
    return inMemory("memory");
  }
  root ??= crypto.getRandomValues(new Uint8Array(32));
  return {
    kind: "persistent",
    host: hostOf(slots),
    /** A copy, for the engine to wipe. */
    root: () => root.slice(),
    /** Before something may be kept: nothing is in IndexedDB of a shopper who never agreed. */
    async saveKey() {
      if (isSaved) return;
      const key = await crypto.subtle.generateKey({ name: WRAP, length: 256 }, false, ["encrypt", "decrypt"]);
      const iv = crypto.getRandomValues(new Uint8Array(12));
      const sealed = await crypto.subtle.encrypt({ name: WRAP, iv }, key, root);
      await record("readwrite", (keys) => keys.put({ key, iv, sealed }, "root"));
      isSaved = true;
    },
    async forgetKey() {
      await record("readwrite", (keys) => keys.delete("root"));
      root.fill(0);
      root = crypto.getRandomValues(new Uint8Array(32));
      isSaved = false;
    },
    close() {
      for (const slot of slots) slot.close();
    },
  };
}
