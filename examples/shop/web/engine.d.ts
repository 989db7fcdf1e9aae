/**
 * What the page can ask of the engine.
 *
 * `engine.js` starts `worker.js`, a worker that holds the real engine as WebAssembly, and gives every call of it as a promise.
 * Nothing here is staged: there is no mock, no recorded answer and no number that somebody wrote. Without the worker there is no
 * shop, and `openShop` rejects.
 *
 * ```js
 * import { openShop } from "./engine.js";
 * const shop = await openShop();
 * shop.addEventListener("call", (event) => strip.show(event.detail));
 * await shop.setLevel("on_device", { notice_text: notice, locale: "en" });
 * await shop.track({ kind: "view_item", item_id: "sku-00042" });
 * const rail = await shop.recommend({ kind: "for_you", count: 10 });
 * const why = await shop.explain(rail.recommendation_id, rail.items[0].item_id);
 * ```
 *
 * Names are those of the engine in snake case, as `tests/scenarios/README.md` describes them; numbers are plain numbers, times are
 * milliseconds since 1970. Calls are answered one after the other, in the order in which they were made.
 */

/** How personal the shop may be. `off` is the default and keeps nothing. */
export type Level = "off" | "session" | "on_device" | "shared";

/** Every error of a call. `code` is the engine's variant, the message its text; neither holds an id, a query or a key. */
export class ShopError extends Error {
  /** For example `InvalidArgument`, `ConsentRequired`, `ModelInvalid`, `StorageUnavailable`, `BudgetExhausted`, `Closed`;
   *  `Network` when a fetch failed or the aeroplane switch is on; `Worker` when the worker or a file of the shop is not there;
   *  `Browser` when this one is too old for the engine. */
  readonly code: string;
}

/** One call that the worker has answered; the detail of the event `call`. */
export interface CallDetail {
  /** The call's name in the engine, for example `recommend`. */
  readonly name: string;
  /** Measured in the worker around the engine's call, with the JSON of question and answer. In steps of 5 on an isolated page (the server
   *  makes it one), of 100 elsewhere. */
  readonly micros: number;
  /** The error's code when it failed. */
  readonly failed?: string;
}

export interface OpenOptions {
  /** The model pack to begin with; `spring` where nothing is said. */
  readonly pack?: PackName;
  /** `large` is the variant with 100 000 items, for measuring; it must have been built (`cargo xtask shop --large`). It takes about a minute
   *  to open, as the whole catalogue goes to the engine. */
  readonly size?: "shop" | "large";
  /** Keeps everything in memory even where the browser could keep it. For tests. */
  readonly memory?: boolean;
}

/** Starts the worker, opens the store of this browser, loads vocabulary, pack and catalogue. The level is what it was when the
 *  store was left: `off` in a new browser. */
export function openShop(options?: OpenOptions): Promise<Shop>;

export type PackName = "spring" | "autumn";

/** Where the store is. */
export type Storage =
  /** The browser's private file system, sealed; survives a reload. */
  | "persistent"
  /** In memory because the browser has no private file system or no WebCrypto here; gone with the page. */
  | "memory"
  /** In memory because another tab has the store open. */
  | "busy";

/** The engine's own state: what the strip shows, and what a test compares the screen with. */
export interface State {
  readonly level: Level;
  /** `not_asked`, `granted`, `expired` .. as the engine says it. */
  readonly consent: ConsentState;
  readonly storage: Storage;
  /** Bytes in the browser's private file system that belong to the engine: all of it, headers included. 0 until something may be
   *  kept, and 0 again after `eraseEverything`. */
  readonly store_bytes: number;
  /** Whether the engine runs on that store: from the first level above Off on. Before, and after erasing, it is in memory. */
  readonly is_durable: boolean;
  /** Events kept, on disk or in memory. */
  readonly events: number;
  readonly is_private_session: boolean;
  readonly is_paused: boolean;
  /** Bytes of reports that were sent from this browser since the page was opened. 24 for each, or 0. */
  readonly bytes_sent: number;
  readonly reports_sent: number;
  /** Bytes that the worker has fetched: wasm, packs, catalogue. They come in; nothing about the shopper is in the requests. */
  readonly bytes_fetched: number;
  readonly pack: PackInfo | null;
  /** Items that can be recommended now. */
  readonly items: number;
  /** How far this phone's clock was put forward, see `advanceClock`. */
  readonly clock_ahead_ms: number;
  readonly now_ms: number;
  readonly is_offline: boolean;
  /** The persona whose history was taken over last, in this page. */
  readonly persona: string | null;
  /** From the engine: hits and offers by kind of list and level. */
  readonly hits: readonly Hits[];
}

export interface Hits { readonly kind: string; readonly level: Level; readonly given: number; readonly chosen: number }
export type ConsentState = "not_asked" | { readonly granted: Level; readonly expires_ms: number } | string;
export interface PackInfo {
  readonly name: PackName;
  readonly model_id: string;
  readonly pack_version: string;
  readonly items: number;
  readonly dim: number;
  /** Hexadecimal. */
  readonly key_id: string;
  readonly digest: string;
  readonly file_bytes: number;
}

export interface Consent {
  /** Where nothing is said, the version of this shop's notice. */
  readonly notice_version?: string;
  /** The text the shopper saw; its hash goes into the receipt. */
  readonly notice_text?: string;
  readonly locale?: string;
  /** Where they said so, for example `settings`. */
  readonly surface?: string;
}

export type EventKind =
  | "view_item" | "view_item_list" | "select_item" | "view_category" | "search" | "add_to_cart" | "remove_from_cart"
  | "add_to_wishlist" | "remove_from_wishlist" | "view_cart" | "purchase" | "refund" | "rate" | "not_interested";

export interface ShopEvent {
  readonly kind: EventKind;
  readonly item_id?: string;
  /** For `purchase`, `view_item_list`, `refund`. */
  readonly items?: readonly string[];
  readonly category?: string;
  readonly query?: string;
  readonly quantity?: number;
  /** -1 to 1, for `rate`. */
  readonly rating?: number;
  /** For `not_interested`. */
  readonly subject?: { item: string } | { brand: string } | { category: string };
  /** The answer it came from, and the place in it: hits are counted from them. */
  readonly recommendation_id?: string;
  readonly position?: number;
  readonly event_id?: string;
  /** `false` for a gift: kept, but not learned from. */
  readonly learn?: boolean;
}

/** What became of an event: kept, in memory only, or why not. `sensitive`: nothing is learned from this category. */
export type Tracked =
  | "stored" | "session_only"
  | "level_off" | "paused" | "stopped" | "repeated" | "too_old" | "not_kept" | "sensitive";

export type Filter =
  | { all: Filter[] } | { any: Filter[] } | { not: Filter }
  | { in_category: string[] } | { brand: string[] } | { price: { min?: number; max?: number } }
  | { availability: ("in_stock" | "pre_order" | "out_of_stock" | "discontinued")[] }
  | { attribute_in: { key: string; values: string[] } } | { created_after: number }
  | { same_as_context_item: "category" | "brand" };

interface RequestOptions {
  /** 1 to 100, 10 where nothing is said. */
  readonly count?: number;
  readonly scenario?: string;
  readonly context?: { item?: string; cart?: string[]; category?: string; query?: string };
  readonly filter?: Filter;
  /** Soft: weight -10 to 10 in natural-log odds; .69 doubles an item's odds. `setBrandBoost` adds to these. */
  readonly boosts?: { filter: Filter; weight: number }[];
  readonly pins?: { item_id: string; position: number }[];
  readonly exclude_ids?: readonly string[];
  readonly diversity?: number;
  readonly rotation_rate?: number;
  readonly min_relevance?: "low" | "medium" | "high";
  /** How candidates are found: by a scan of everything, by links between items, or as the engine chooses. */
  readonly retrieval?: "auto" | "exhaustive" | "linked";
  readonly fallback?: boolean;
  readonly one_per_group?: boolean;
  readonly strength?: number;
  readonly exploration_rate?: number;
  readonly non_profiling?: boolean;
  /** A text of digits; makes the answer repeatable and switches exploration off. */
  readonly seed?: string;
}
export type Request = RequestOptions & (
  | { readonly kind: "for_you" } | { readonly kind: "recently_viewed" } | { readonly kind: "buy_again" }
  /** Like the item on the page. */
  | { readonly kind: "related_to"; readonly item: string }
  /** Goes with these, for example the cart. */
  | { readonly kind: "bought_with"; readonly items: readonly string[] }
  | { readonly kind: "trending"; readonly category?: string }
  | { readonly kind: "new_arrivals"; readonly category?: string }
);

/** `personal`: For you. `contextual`: goes with what is on the screen. `popular`: Popular. `exploration`: New to you. */
export type Source = "personal" | "contextual" | "popular" | "exploration" | "pinned";

/** `subject` is an item's, category's or brand's id where the kind has one. */
export interface Reason {
  readonly kind: "viewed" | "bought" | "in_cart" | "likes_category" | "likes_brand" | "similar_to" | "bought_together_with"
    | "popular" | "new" | "promoted" | "exploration";
  readonly subject?: string;
}
export interface Recommendation {
  readonly item_id: string;
  /** 0 to 1, comparable within one answer. */
  readonly score: number;
  /** From 1. */
  readonly position: number;
  readonly source: Source;
  readonly reasons: readonly Reason[];
}
export interface Recommendations {
  readonly recommendation_id: string;
  readonly items: readonly Recommendation[];
  /** As `CallDetail.micros`. */
  readonly micros: number;
}
export interface Explanation {
  readonly score: number;
  /** They add up to the score, up to the rounding of one addition each. Negative ones speak against the item. */
  readonly parts: readonly {
    readonly reason: Reason | null;
    readonly via: "similarity" | "transition" | "popularity" | "preference" | "demotion" | "own" | "freshness" | "baseline" | "rest";
    readonly amount: number;
  }[];
}

export interface HistoryEntry {
  /** The handle to forget it by, or to call it a gift. */
  readonly event: string;
  readonly time_ms: number;
  readonly action: "view_item" | "view_category" | "search" | "add_to_cart" | "remove_from_cart" | "add_to_wishlist"
    | "remove_from_wishlist" | "purchase" | "refund" | "rate" | "not_interested";
  readonly items: readonly string[];
  /** The category, brand or query of an event about one. */
  readonly text: string | null;
  readonly quantity: number | null;
  readonly rating: number | null;
  readonly event_id: string | null;
  /** `false` for a gift. */
  readonly learned: boolean;
}
export type Scope = "everything" | { event: string } | { item: string } | { category: string } | { since: number };

/** What the phone believes of the shopper. */
export interface Profile {
  readonly events: number;
  /** Id and share of the recent signals, largest first. */
  readonly categories: readonly (readonly [string, number])[];
  readonly brands: readonly (readonly [string, number])[];
  readonly cart: readonly (readonly [string, number])[];
  readonly wishlist: readonly string[];
  readonly purchases: number;
  readonly bad_ratings: readonly (readonly [string, number])[];
  /** `item sku-1`, `brand X`, `category aa`. */
  readonly not_interested: readonly string[];
  readonly interests: Readonly<Record<string, Interest>>;
}
export type Interest = "boost" | "mute" | "neutral";

export interface Receipt {
  readonly level: Level;
  /** Who caused it: the shopper, a consent platform, an expiry .. */
  readonly origin: string;
  readonly time_ms: number;
  readonly expires_ms: number | null;
  readonly notice_version: string | null;
  readonly notice_hash: string | null;
  /** Each receipt's hash includes the one before. Hexadecimal. */
  readonly chain: string;
  readonly seal: string | null;
}

/** A topic as a report names it: its number (0 stands for an empty place) and its label. */
export type Topic = readonly [number, string | null];
/** So many of so many. */
export type Odds = readonly [number, number];
/** Drawn; given to the app, may have left; sent; never given and never will be. */
export type ReportState = "waiting" | "handed_over" | "sent" | "dropped";
export interface ReportPreview {
  readonly report: { readonly id: number; /** 24 bytes, 48 hexadecimal digits. */ readonly bytes: string };
  readonly topics: readonly Topic[];
  /** How often a report names the topic that was picked, and one the shopper has nothing of. */
  readonly true_topic_odds: Odds;
  readonly other_topic_odds: Odds;
  /** What the report says is at most so many times as likely for this shopper as for anybody else. */
  readonly ratio: number;
  readonly cost_units: number;
  readonly units_left: number;
  readonly state: ReportState;
  /** The engine's own words, in English. */
  readonly plain_text: string;
  /** From `previewBeforeOptIn`: nothing was agreed to, nothing was written, nothing was spent. */
  readonly is_rehearsal: boolean;
}
export interface ReportLogEntry {
  readonly id: number;
  readonly epoch_start_ms: number;
  readonly cost_units: number;
  readonly state: ReportState;
  readonly bytes: string | null;
  readonly topics: readonly Topic[];
}
export interface OptIn {
  readonly receipt: Receipt;
  /** What waits now. Nothing when this epoch's report left already. */
  readonly preview: ReportPreview | null;
  /** Whether its bytes are those that `previewBeforeOptIn` showed last. `null` when nothing was shown. */
  readonly is_as_shown: boolean | null;
}
export interface Sent {
  readonly report: { readonly id: number; readonly bytes: string };
  /** The collector's answer: 204 when it was counted. */
  readonly status: number;
}

export interface Erased {
  readonly bytes_before: number;
  /** 0. */
  readonly bytes_after: number;
}

/** The worker. Events: `call` (CallDetail) after every call, `state` (State) after every call that changed something. */
export interface Shop extends EventTarget {
  // -- what is on the shelf --
  /** The shop's own data as `data/catalog.json` holds it, prices and stock as patched. Fetched once; the engine got the same. */
  readonly catalog: Catalog;
  /** Products by id, from `catalog`. */
  product(id: string): Product | undefined;
  readonly personas: readonly Persona[];

  state(): Promise<State>;
  /** The last calls, newest first, at most 100. */
  readonly calls: readonly CallDetail[];

  // -- the ladder --
  level(): Promise<Level>;
  /** Raising needs a consent (an empty object will do: the version of this shop's notice is filled in); lowering erases before the
   *  promise resolves. */
  setLevel(level: Level, consent?: Consent): Promise<State>;
  receipts(): Promise<readonly Receipt[]>;
  /** The receipts as a document to keep. */
  exportReceipts(): Promise<string>;
  setPrivateSession(on: boolean): Promise<State>;
  pause(on: boolean): Promise<State>;

  // -- shopping --
  track(event: ShopEvent): Promise<Tracked>;
  /** At most 1 000, with one append. */
  trackAll(events: readonly ShopEvent[]): Promise<readonly Tracked[]>;
  recommend(request: Request): Promise<Recommendations>;
  /** Endless scroll: more of an answer, without repeats. */
  recommendNext(recommendation_id: string, count: number): Promise<Recommendations>;
  /** The page's own list (search results, a category) in the shopper's order; every id once. At most 1 000. */
  rerank(item_ids: readonly string[], context?: RequestOptions["context"]): Promise<Recommendations>;
  recommendCategories(count: number): Promise<readonly (readonly [string, number, Source])[]>;
  explain(recommendation_id: string, item_id: string): Promise<Explanation>;

  // -- the shopper's rights --
  /** Newest first. */
  history(limit?: number, before_ms?: number): Promise<readonly HistoryEntry[]>;
  /** How many events went. */
  forget(scope: Scope): Promise<number>;
  /** "This was a gift": kept in the history, not learned from; `on: false` takes it back. How many events changed. */
  setGift(scope: Scope, on: boolean): Promise<number>;
  profile(): Promise<Profile>;
  setInterest(category: string, interest: Interest): Promise<State>;
  /** The engine's export, as the JSON text to offer as a file. */
  exportData(): Promise<string>;
  /** Level Off, keys destroyed, every file removed, receipts and report ledger too, and the browser's key with them. Then the engine
   *  runs in memory until the shopper raises the level again, and after a reload it finds nothing and is Off.
   *  A phone keeps its report ledger through erasures so that nobody spends twice; this button is `reset`, as a reinstall is. */
  eraseEverything(): Promise<Erased>;

  // -- what may leave --
  /**
   * What would leave, before opting in: a second engine in the worker's memory takes over a copy of the history, is told that it may
   * share, and draws. Nothing is agreed to, written or spent in the shopper's own engine. The randomness it drew with is put aside
   * for the opt-in that follows, so that the bytes shown are the bytes that wait afterwards (`is_as_shown`), as long as the history
   * does not change in between; a second look at the same history shows the same bytes.
   */
  previewBeforeOptIn(): Promise<ReportPreview>;
  /** Level Shared, with its receipt, and the report of this epoch drawn and made durable. */
  optIn(consent?: Consent): Promise<OptIn>;
  /** At level Shared: the report of this epoch. */
  previewReport(): Promise<ReportPreview>;
  reportLog(): Promise<readonly ReportLogEntry[]>;
  /** The report that may leave now, or `null` before its moment (a random one within 14 days) or after it was sent. */
  pendingReport(): Promise<{ readonly id: number; readonly bytes: string } | null>;
  /** Takes the pending report, posts its 24 bytes to the collector and confirms it. `null` when none is pending. Rejects with
   *  `Network` when it could not be sent: then it stays pending. */
  sendReport(): Promise<Sent | null>;
  /** Puts this phone's clock forward, for the rest of this page: the only way not to wait for a report's moment. 14 days are always
   *  enough. The screen should say so when `clock_ahead_ms` is not 0. */
  advanceClock(milliseconds: number): Promise<State>;
  /** The same, an hour at a time until `pendingReport` gives the report, at most 14 days. How far it went; `null` when there is no
   *  report to wait for, and then the clock stays. */
  advanceClockToReport(): Promise<number | null>;

  // -- who holds the phone --
  /** Takes a persona's history over as this phone's: forgets everything, then tracks its events with their times counted from now.
   *  Needs level `session` or above to keep anything; raises nothing. How many events were kept. */
  becomePersona(id: string): Promise<number>;

  // -- the merchant --
  /** Price, stock. The next answer obeys. */
  patchItems(patches: readonly { id: string; price?: number; availability?: "in_stock" | "out_of_stock" }[]): Promise<State>;
  /** Added to every request's boosts until it is set to 0; about .7 doubles a brand's odds. */
  setBrandBoost(brand: string, weight: number): Promise<void>;
  readonly brandBoosts: Readonly<Record<string, number>>;
  /** Swaps the signed pack live. */
  loadPack(name: PackName): Promise<PackInfo>;
  /** Loads a spoilt copy of a pack, one bit flipped: rejects with `ModelInvalid`, and the pack in use stays in use. */
  loadSpoiltPack(): Promise<never>;

  // -- the aeroplane --
  /** The worker fetches and posts nothing while it is on: every attempt rejects with `Network`. The engine needs none. */
  setOffline(on: boolean): Promise<State>;

  /** Findings of the engine about its store; empty when all is well. */
  doctor(): Promise<readonly string[]>;
  /** A step of `tests/scenarios` that is a call of the engine, as it is written there; the answer bit for bit as native. For tests. */
  call(step: Readonly<Record<string, unknown>>): Promise<unknown>;
  close(): Promise<void>;
}

// -- `data/catalog.json` --

/** A text in the shop's languages. */
export interface Texts { readonly en: string; readonly de: string; readonly fr: string }

export interface Catalog {
  readonly version: 1;
  readonly seed: number;
  /** When the shop was generated: ages count from the day it is opened, see `Product.created_at_ms`. */
  readonly generated_ms: number;
  /** A parent before its children; roots have no parent. Three levels: root, branch, leaf. */
  readonly categories: readonly Category[];
  /** Names of brands, about 40, and the look most of their products have. */
  readonly brands: readonly { readonly name: string; readonly style: string }[];
  /** How attribute keys and values are called: `words.colour.navy.de`. The key itself is under `words.<key>[""]`. */
  readonly words: Readonly<Record<string, Readonly<Record<string, Texts>>>>;
  readonly products: readonly Product[];
}
export interface Category {
  readonly id: string;
  readonly parent: string | null;
  readonly name: Texts;
  /** Nothing is learned from it: `track` answers `sensitive`. */
  readonly sensitive?: true;
  /** What products below it are drawn as, where all have one shape. Roots have one for their tile. */
  readonly shape: Shape;
  readonly items: number;
}
export interface Product {
  readonly id: string;
  /** Root, branch, leaf. */
  readonly category: readonly [string, string, string];
  readonly brand: string;
  readonly price: number;
  readonly currency: "EUR";
  readonly in_stock: boolean;
  /** Moved by whole days so that new arrivals are new on the day the page is opened. */
  readonly created_at_ms: number;
  /** What its variants (sizes, colours) share. */
  readonly group_id?: string;
  readonly title: Texts;
  /** `colour`, `material`, `style`, `character`, `size`: values as in `Catalog.words`. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly picture: Picture;
}
/** What a picture is drawn from. The same product always has the same picture. */
export interface Picture {
  readonly shape: Shape;
  /** Main, second, accent: `#rrggbb`. */
  readonly colours: readonly [string, string, string];
  readonly pattern: "plain" | "stripes" | "dots" | "check" | "waves" | "grain" | "zigzag" | "leaves";
  /** 0 to 3, for small differences of one shape (a strap, a lid, a label). */
  readonly variant: 0 | 1 | 2 | 3;
}
/** One drawing each; anything unknown should be drawn as `box`. */
export type Shape =
  | "dress" | "shirt" | "skirt" | "trousers" | "jumper" | "coat" | "shoe" | "heel" | "necklace" | "scarf" | "belt" | "cap" | "sock"
  | "bowl" | "bone" | "lead" | "bed" | "cushion" | "brush" | "book" | "easel" | "guitar" | "keyboard" | "yarn" | "bottle" | "chair"
  | "lamp" | "pram" | "bag" | "camera" | "lens" | "tripod" | "binoculars" | "telescope" | "headphones" | "speaker" | "phone"
  | "tablet" | "laptop" | "cable" | "cup" | "jar" | "packet" | "sofa" | "table" | "shelf" | "tube" | "lipstick" | "soap" | "pan"
  | "knife" | "plate" | "towel" | "candle" | "plant" | "tool" | "suitcase" | "pen" | "notebook" | "bike" | "helmet" | "tent"
  | "ball" | "mat" | "weights" | "game" | "puzzle" | "blocks" | "plush" | "doll" | "pills" | "box";

/** `data/personas.json` */
export interface Persona {
  readonly id: string;
  readonly name: string;
  readonly about: Texts;
  /** Leaf categories of the taste. */
  readonly categories: readonly string[];
  /** Oldest first; `ago_ms` before the moment the persona is taken over. */
  readonly events: readonly { readonly kind: EventKind; readonly item_id: string; readonly ago_ms: number }[];
}

// -- the server, same origin --

/** `POST /v1/reports` takes 24 bytes (application/octet-stream) and answers 204. `sendReport` does it. */
/** `GET /v1/estimates`: the demand per topic, as the collector tells it. */
export interface Estimates {
  readonly version: 1;
  readonly vocabularies: readonly VocabularyDemand[];
}
export interface VocabularyDemand {
  /** Its name. */
  readonly vocabulary: string;
  readonly taxonomy_id: string;
  /** Topics that one report names. */
  readonly per_report: number;
  readonly ratio: number;
  /** Reports that an epoch needs to be shown. */
  readonly minimum_cohort: number;
  /** By how many shares one per cent of made-up reports can move a topic. */
  readonly moved_by_one_percent_of_fakes: number;
  readonly topics: readonly { readonly topic: number; readonly label: string; readonly nodes: readonly string[] }[];
  readonly epochs: readonly {
    readonly epoch: number;
    /** Days, `2026-09-24`. */
    readonly from: string;
    readonly to: string;
    readonly reports: number;
    /** Too few reports: nothing but their number is told. */
    readonly withheld: boolean;
    readonly topics: readonly {
      readonly topic: number;
      /** Reports that named it. */
      readonly named: number;
      /** May be below 0 for a rare topic: noise is not hidden. */
      readonly share: number;
      /** The interval of 95 %. */
      readonly low: number;
      readonly high: number;
      /** The share with all of them brought between 0 and 1 and to a sum of 1, for display only. */
      readonly shown: number;
    }[];
  }[];
}
/** `POST /demo/crowd` with `{"phones": 2000}`: so many engines, natively, one after the other on the server's spare thread, each with
 *  a history, a consent and a report that it posts over the socket. Answers 202 at once, 409 while a crowd is under way. 1 to 20 000. */
/** `GET /demo/crowd` */
export interface Crowd {
  readonly wanted: number;
  readonly reported: number;
  readonly is_running: boolean;
  /** The last reports that came from the crowd, newest first, at most 20: each means nothing alone. A real collector keeps none; these
   *  are kept by the crowd, which sent them. */
  readonly examples: readonly { readonly bytes: string; readonly topics: readonly Topic[]; readonly true_topics: readonly Topic[] }[];
  /** What only the simulation knows: for each topic the mean share of the last 8 items, over all phones that reported. The estimate's
   *  interval should hold it 19 times in 20. */
  readonly truth: readonly { readonly topic: number; readonly label: string; readonly share: number }[];
}
/** `POST /demo/reset`: a new, empty collector. */
