// The engine's own thread: the WebAssembly, the files and the key of this browser, and the only place that uses the network.
//
// In: messages of engine.js. Out: the engine's answers, with the time each call took. It must never answer in the engine's place.

import init, { Engine } from "./pkg/tastekeeper_shop_engine.js";
import { openStore } from "./store.js";

const DAY_MS = 86_400_000;
const NOTICE = "shop-1";
/** The engine takes at most so many items in one call. */
const ITEMS = 10_000;

/** A module with one instruction on 128 bits, as the engine has them. */
const PROBE = Uint8Array.of(
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 8, 1, 6, 0, 65, 0, 253, 15, 11,
);

let engine;
let store;
let data = "data/";
let catalog;
let personas = [];
const packs = new Map();
const session = {
  bytes_sent: 0, reports_sent: 0, bytes_fetched: 0, is_offline: false, is_paused: false, persona: null, pack: null,
};

class Problem extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

/** Everything that comes in or goes out passes here. */
async function network(path, options) {
  if (session.is_offline) throw new Problem("Network", "the aeroplane switch is on");
  let answer;
  try {
    answer = await fetch(new URL(path, self.location.href), options);
  } catch (error) {
    throw new Problem("Network", String(error.message ?? error));
  }
  return answer;
}

async function bytesOf(path) {
  const answer = await network(path);
  if (!answer.ok) throw new Problem("Worker", `${path}: ${answer.status}; has \`cargo xtask shop\` made it?`);
  const bytes = new Uint8Array(await answer.arrayBuffer());
  session.bytes_fetched += bytes.length;
  return bytes;
}

const textOf = async (path) => new TextDecoder().decode(await bytesOf(path));

/** Calls since the last message was answered. */
let calls = [];

/** One call of the engine, timed. */
function ask(step) {
  const text = JSON.stringify(step);
  const began = performance.now();
  const answer = engine.call(text);
  const micros = Math.round((performance.now() - began) * 1000);
  const { gives, fails } = JSON.parse(answer);
  calls.push({ name: step.do, micros, ...(fails && { failed: fails[0] }) });
  if (fails) throw new Problem(fails[0], fails[1]);
  return { gives, micros };
}

// -- numbers of an answer, which are bits --

const view = new DataView(new ArrayBuffer(8));
function number(bits) {
  view.setBigUint64(0, BigInt(`0x${bits}`));
  return view.getFloat64(0);
}
function shortNumber(bits) {
  view.setUint32(0, Number.parseInt(bits, 16));
  return view.getFloat32(0);
}

function reason(text) {
  const space = text.indexOf(" ");
  return space < 0 ? { kind: text } : { kind: text.slice(0, space), subject: text.slice(space + 1) };
}

function recommendations({ gives, micros }) {
  const items = gives.items.map((item) => ({ ...item, score: number(item.score), reasons: item.reasons.map(reason) }));
  return { recommendation_id: gives.recommendation_id, items, micros };
}

const pairs = (list, read = number) => list.map(([name, bits]) => [name, read(bits)]);

// -- the store's key goes to the browser before something may be kept --

const consented = (consent) => ({ notice_version: NOTICE, ...consent });

async function setLevel({ level, consent }) {
  if (level === "off") return void ask({ do: "set_level", level });
  await store.saveKey();
  ask({ do: "set_level", level, consent: consented(consent) });
}

async function loadPack(name) {
  const file = `${name}.tkpack`;
  if (!packs.has(name)) {
    const bytes = await bytesOf(`${data}${file}`);
    packs.set(name, bytes.length);
    engine.putFile(file, bytes);
  }
  const { gives } = ask({ do: "load_model", file });
  session.pack = {
    name, model_id: gives.model_id, pack_version: gives.pack_version, items: gives.items, dim: gives.dim,
    key_id: gives.key_id, digest: gives.digest, file_bytes: packs.get(name),
  };
  return session.pack;
}

function engineItem(product) {
  const { id, category, brand, price, currency, in_stock, created_at_ms, group_id, attributes } = product;
  const availability = in_stock ? "in_stock" : "out_of_stock";
  return { id, category, brand, price, currency, availability, created_at_ms, attributes, ...(group_id && { group_id }) };
}

async function open({ pack = "spring", size = "shop", memory = false }) {
  if (!WebAssembly.validate(PROBE)) {
    throw new Problem("Browser", "the engine needs WebAssembly SIMD: Chrome or Edge 96, Firefox 114, Safari 16.4 or later");
  }
  if (size === "large") data = "data-large/";
  store = await openStore(memory);
  const wasm = await bytesOf("pkg/tastekeeper_shop_engine_bg.wasm");
  self.tastekeeperHost = store.host;
  await init({ module_or_path: wasm });
  engine = new Engine(store.root());
  for (const name of ["shop.pub", "vocabulary.txt", "vocabulary.txt.minisig"]) {
    engine.putFile(name, await bytesOf(data + name));
  }
  catalog = JSON.parse(await textOf(`${data}catalog.json`));
  personas = JSON.parse(await textOf(`${data}personas.json`));
  // Ages count from today: a new arrival is new on the day the page is opened.
  const shift = Math.floor((Date.now() - catalog.generated_ms) / DAY_MS) * DAY_MS;
  for (const product of catalog.products) product.created_at_ms += shift;
  ask({ do: "open" });
  await loadPack(pack);
  const items = catalog.products.map(engineItem);
  for (let at = 0; at < items.length; at += ITEMS) ask({ do: "upsert_items", items: items.slice(at, at + ITEMS) });
  ask({ do: "warm_up" });
  // An event that is never kept tells whether learning is paused.
  session.is_paused = ask({ do: "track", event: { kind: "view_cart" } }).gives === "paused";
  return { catalog, personas };
}

function state() {
  const { gives } = ask({ do: "state" });
  calls.pop();
  const { level, consent, is_private_session, events, items, store_bytes, is_durable, clock_ahead_ms, now_ms } = gives;
  const hits = gives.stats.hits.map(([kind, level, given, chosen]) => ({ kind, level, given, chosen }));
  const storage = store.kind;
  return {
    level, consent, storage, store_bytes, is_durable, events, is_private_session, items, clock_ahead_ms, now_ms, hits, ...session,
  };
}

async function sendReport() {
  const { gives: report } = ask({ do: "pending_report" });
  if (report === null) return null;
  const body = Uint8Array.from(report.bytes.match(/../g), (digits) => Number.parseInt(digits, 16));
  const answer = await network("/v1/reports", {
    method: "POST", body, headers: { "content-type": "application/octet-stream" }, credentials: "omit",
    referrerPolicy: "no-referrer", cache: "no-store",
  });
  session.bytes_sent += body.length;
  if (answer.status !== 204) throw new Problem("Network", `the collector answered ${answer.status}; the report stays pending`);
  session.reports_sent += 1;
  ask({ do: "confirm_sent", id: report.id });
  return { report, status: answer.status };
}

function becomePersona({ id }) {
  const persona = personas.find((persona) => persona.id === id);
  if (!persona) throw new Problem("InvalidArgument", "there is no such persona");
  ask({ do: "forget", scope: "everything" });
  const { gives } = ask({ do: "state" });
  const events = persona.events.map(({ kind, item_id, ago_ms }) => ({ kind, item_id, timestamp_ms: gives.now_ms - ago_ms }));
  const { gives: tracked } = ask({ do: "track_all", events });
  session.persona = id;
  return tracked.filter((became) => became === "stored" || became === "session_only").length;
}

const rehearsal = (preview, is_rehearsal) => preview && { ...preview, is_rehearsal };

/** What engine.js may ask for. */
const deeds = {
  open,
  state: () => state(),
  call: ({ step }) => ask(step).gives,
  level: () => ask({ do: "level" }).gives,
  setLevel,
  receipts: () => ask({ do: "receipts" }).gives,
  exportReceipts: () => ask({ do: "export_receipts_document" }).gives,
  setPrivateSession: ({ on }) => void ask({ do: "set_private_session", on }),
  pause({ on }) {
    ask({ do: "pause", on });
    session.is_paused = on;
  },
  track: ({ event }) => ask({ do: "track", event }).gives,
  trackAll: ({ events }) => ask({ do: "track_all", events }).gives,
  recommend: ({ request }) => recommendations(ask({ do: "recommend", request })),
  recommendNext: ({ recommendation_id, count }) => recommendations(ask({ do: "recommend_next", recommendation_id, count })),
  rerank: ({ item_ids, context }) => recommendations(ask({ do: "rerank", item_ids, ...(context && { context }) })),
  recommendCategories: ({ count }) =>
    ask({ do: "recommend_categories", count }).gives.map(([id, score, source]) => [id, number(score), source]),
  explain({ recommendation_id, item_id }) {
    const { gives } = ask({ do: "explain", recommendation_id, item_id });
    const part = ([why, via, amount]) => ({ reason: why === null ? null : reason(why), via, amount: number(amount) });
    return { score: number(gives.score), parts: gives.parts.map(part) };
  },
  history({ limit = 100, before_ms }) {
    const { gives } = ask({ do: "history", limit, ...(before_ms !== undefined && { before_ms }) });
    return gives.map((entry) => ({ ...entry, rating: entry.rating === null ? null : shortNumber(entry.rating) }));
  },
  forget: ({ scope }) => ask({ do: "forget", scope }).gives,
  // The engine is told what not to learn from; a gift is what is switched off.
  setGift: ({ scope, on }) => ask({ do: "set_learning", scope, on: !on }).gives,
  profile() {
    const { gives } = ask({ do: "profile" });
    return {
      ...gives, categories: pairs(gives.categories), brands: pairs(gives.brands), bad_ratings: pairs(gives.bad_ratings, shortNumber),
    };
  },
  setInterest: ({ category, interest }) => void ask({ do: "set_interest", category, interest }),
  exportData: () => ask({ do: "export_document" }).gives,
  async eraseEverything() {
    const { gives } = ask({ do: "erase_everything" });
    await store.forgetKey();
    engine.setRoot(store.root());
    session.persona = null;
    session.is_paused = false;
    return gives;
  },
  previewBeforeOptIn: () => rehearsal(ask({ do: "preview_before_opt_in" }).gives, true),
  async optIn({ consent }) {
    await store.saveKey();
    const { gives } = ask({ do: "opt_in", consent: consented(consent) });
    return { ...gives, preview: rehearsal(gives.preview, false) };
  },
  previewReport: () => rehearsal(ask({ do: "preview_report" }).gives, false),
  reportLog: () => ask({ do: "report_log" }).gives,
  pendingReport: () => ask({ do: "pending_report" }).gives,
  sendReport,
  advanceClock: ({ milliseconds }) => void ask({ do: "advance_clock", milliseconds }),
  advanceClockToReport: () => ask({ do: "advance_clock_to_report" }).gives,
  becomePersona,
  patchItems: ({ patches }) => void ask({ do: "patch_items", patches }),
  loadPack: ({ name }) => loadPack(name),
  loadSpoiltPack: () => void ask({ do: "load_spoilt_model", file: `${session.pack.name}.tkpack` }),
  setOffline: ({ on }) => void (session.is_offline = on),
  doctor: () => ask({ do: "doctor" }).gives,
  close() {
    ask({ do: "close" });
    store.close();
  },
};

// One after the other: a call that waits for the network or for a key lets no other one overtake it.
let last = Promise.resolve();
self.onmessage = ({ data: { id, name, arguments: given } }) => {
  last = last.then(async () => {
    calls = [];
    try {
      const value = await deeds[name](given ?? {});
      self.postMessage({ id, value, calls, state: engine && name !== "close" ? state() : undefined });
    } catch (error) {
      const code = error.code && typeof error.code === "string" ? error.code : "Worker";
      self.postMessage({ id, error: { code, message: String(error.message ?? error) }, calls });
    }
  });
};
