//! `recommend`, `recommend_next`, `rerank`, `recommend_categories`, `explain`.

use std::collections::BTreeSet;
use std::fmt::Write;

use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

use super::served::Answer;
use super::{Call, Config, Inner, Recommender};
use crate::catalog::View;
use crate::consent::PersonalGrant;
use crate::error::{Error, Result};
use crate::event::check_id;
use crate::explain::{Breakdown, ExplainRoom, Explanation, Reason, explain};
use crate::mutant;
use crate::ranking::categories::rank_categories;
use crate::ranking::request::{Context, MAX_COUNT, RecommendationKind, Request, Source, check_ids};
use crate::ranking::{self, Person, Ranked, Workspace};

/// One recommended item.
#[derive(Clone, Debug, PartialEq)]
pub struct Recommendation {
    /// The item.
    pub item_id: String,
    /// 0 to 1, comparable within the answer of one call. The order may differ from it: variety, exploration and pins move items.
    pub score: f64,
    /// The place, from 1.
    pub position: usize,
    /// Why it is in the answer.
    pub source: Source,
    /// The strongest reasons, one to three.
    pub reasons: Vec<Reason>,
}

/// One answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Recommendations {
    /// Ties later calls and events to this answer.
    pub recommendation_id: String,
    /// The items, in their places.
    pub items: Vec<Recommendation>,
}

/// One recommended category.
#[derive(Clone, Debug, PartialEq)]
pub struct CategoryRecommendation {
    /// The category's id.
    pub category: String,
    /// 0 to 1 within one answer.
    pub score: f64,
    /// `Personal` or `Popular`.
    pub source: Source,
}

impl Recommender {
    /// Answers a request. Never fails for lack of data: without a model, a profile or a match the answer is shorter.
    ///
    /// Cost: one scan over all items, and another one over a larger pool when variants of few products fill the answer.
    /// Nothing is written for the answer itself; as with every call, the first one of a day may write the history anew.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] naming the field.
    ///
    /// # Privacy
    /// Reads the profile only at levels above Off, and not for a `non_profiling` request. The answer is remembered in
    /// memory; what was shown is noted in memory above Off only.
    pub fn recommend(&self, request: Request) -> Result<Recommendations> {
        request.check()?;
        self.call(|inner, call| {
            let (items, explanations) = inner.rank(&self.config, &request, call, 0)?;
            Ok(inner.give(&self.config, request, items, explanations, call))
        })
    }

    /// Continues an answer of this visit with items it has not given yet, without its pins. Positions go on counting;
    /// scores compare within one call. 1 000 items of an answer are remembered; beyond them items may come again.
    ///
    /// Cost: as for [`recommend`](Self::recommend).
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for an answer that is no longer remembered (32 are) or a count outside 1 to 100.
    ///
    /// # Privacy
    /// Ranks anew with what may be read now. Lowering the level or forgetting drops the answers it could continue.
    pub fn recommend_next(&self, recommendation_id: &str, count: usize) -> Result<Recommendations> {
        if count == 0 || count > MAX_COUNT {
            return Err(Error::invalid("count", format!("must be from 1 to {MAX_COUNT}")));
        }
        self.call(|inner, call| {
            let answer = inner.served.find(recommendation_id).ok_or_else(unknown_answer)?;
            let given: Vec<String> = answer.items.iter().map(|(item, _)| item.clone()).collect();
            let before = given.len();
            let mut request = Request { count, pins: Vec::new(), ..answer.request.clone() };
            request.exclude_ids.extend(given);
            let (items, explanations) = inner.rank(&self.config, &request, call, before)?;
            inner.served.extend(recommendation_id, explanations);
            Ok(Recommendations { recommendation_id: recommendation_id.to_owned(), items })
        })
    }

    /// Puts the shop's own list, of at most [`MAX_IDS`](crate::MAX_IDS) ids, in the shopper's order. Every id is in the
    /// answer once; unknown ones come last, as given, with score 0. Nothing is left out: muted categories and disliked
    /// brands come after all other known items, and stock is not asked.
    ///
    /// Cost: linear in the list.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] naming the field.
    ///
    /// # Privacy
    /// Reads the profile only at levels above Off.
    pub fn rerank(&self, item_ids: &[String], context: Context) -> Result<Recommendations> {
        check_ids("item_ids", item_ids)?;
        let request = Request {
            context,
            count: item_ids.len().clamp(1, MAX_COUNT),
            ..Request::new(RecommendationKind::ForYou)
        };
        request.check()?;
        self.call(|inner, call| {
            let mut room = std::mem::take(&mut inner.room);
            let gate = inner.gate(&self.config, call.now_ms);
            let person = gate.personal().map(|grant| inner.person_for(grant));
            let view = inner.catalog.view();
            let ranked = ranking::rerank(view, &request, person, item_ids, call.now_ms, &mut room.workspace);
            let (mut items, mut explanations) = present(view, &ranked, &request, 0, &mut room.explain);
            inner.keep(room);
            let view = inner.catalog.view();
            let mut unknown = BTreeSet::new();
            for id in item_ids {
                if view.index_of(id).is_none() && unknown.insert(id) {
                    items.push(Recommendation {
                        item_id: id.clone(),
                        score: 0.0,
                        position: items.len() + 1,
                        source: Source::Popular,
                        reasons: vec![Reason::Popular],
                    });
                    explanations.push((id.clone(), Breakdown::default()));
                }
            }
            Ok(inner.give(&self.config, request, items, explanations, call))
        })
    }

    /// The categories to show first: the shopper's own, newer signals counting more, then popular ones.
    ///
    /// Cost: linear in the categories; after a change of the catalogue or the model once in the model's items.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a count outside 1 to 100.
    ///
    /// # Privacy
    /// Reads the profile only at levels above Off.
    pub fn recommend_categories(&self, count: usize) -> Result<Vec<CategoryRecommendation>> {
        if count == 0 || count > MAX_COUNT {
            return Err(Error::invalid("count", format!("must be from 1 to {MAX_COUNT}")));
        }
        self.call(|inner, call| {
            let gate = inner.gate(&self.config, call.now_ms);
            let person = gate.personal().map(|grant| inner.person_for(grant));
            let view = inner.catalog.view();
            let mut muted = Vec::new();
            ranking::mute(view, person, &mut muted);
            let decay = view.model().map_or(0.8, |model| f64::from(model.parameters().decay));
            let ranked = rank_categories(view, person, &muted, decay, count);
            let named = ranked.into_iter().map(|category| CategoryRecommendation {
                category: view.symbol_name(category.symbol).1.to_owned(),
                score: category.score,
                source: category.source,
            });
            Ok(named.collect())
        })
    }

    /// Explains one item of an answer of this visit: parts that add up to its score. The explanation was made with the
    /// answer; this looks it up.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for an answer that is no longer remembered or an item that is not in it.
    ///
    /// # Privacy
    /// Names items of the history. For the shopper's own eyes.
    pub fn explain(&self, recommendation_id: &str, item_id: &str) -> Result<Explanation> {
        check_id("item_id", item_id)?;
        self.call(|inner, _| {
            let answer = inner.served.find(recommendation_id).ok_or_else(unknown_answer)?;
            let found = answer.items.iter().find(|(item, _)| item == item_id);
            found
                .map(|(_, breakdown)| breakdown.named(inner.catalog.view()))
                .ok_or_else(|| Error::invalid("item_id", "is not in this answer"))
        })
    }
}

fn answer_id(number: u64) -> String {
    let mut id = String::with_capacity(16);
    let _ = write!(id, "{number:016x}");
    id
}

fn unknown_answer() -> Error {
    Error::invalid("recommendation_id", "names no answer of this visit that is still remembered")
}

/// The items as the app gets them, and the explanations to remember.
type Presented = (Vec<Recommendation>, Vec<(String, Breakdown)>);

impl Inner {
    /// What ranking may know of the shopper. The grant is the proof that it may.
    fn person_for(&self, _grant: PersonalGrant<'_>) -> Person<'_> {
        Person {
            profile: &self.person.profile,
            interests: self.person.history.interests(),
            shown: self.person.shown(),
        }
    }

    /// Remembers an answer under a new id and hands it out.
    fn give(
        &mut self,
        config: &Config,
        request: Request,
        items: Vec<Recommendation>,
        explanations: Vec<(String, Breakdown)>,
        call: &mut Call,
    ) -> Recommendations {
        let id = match call.random.generate_bytes() {
            Ok(bytes) => answer_id(u64::from_be_bytes(bytes)),
            // Without randomness an id still differs from every other of this visit.
            Err(_) => {
                self.plain_names += 1;
                answer_id(self.plain_names)
            }
        };
        let level = self.level(config, call.now_ms);
        self.served.remember(Answer { id: id.clone(), request, level, items: explanations });
        Recommendations { recommendation_id: id, items }
    }

    fn rank(
        &mut self,
        config: &Config,
        request: &Request,
        call: &mut Call,
        before: usize,
    ) -> Result<Presented> {
        let mut random = match request.seed {
            Some(seed) if !mutant!(IgnoreSeed) => ChaCha20Rng::seed_from_u64(seed),
            _ => ChaCha20Rng::from_seed(call.random.generate_bytes().unwrap_or_default()),
        };
        let mut room = std::mem::take(&mut self.room);
        let gate = self.gate(config, call.now_ms);
        let grant = gate.personal().filter(|_| !request.non_profiling || mutant!(NonProfilingReadsProfile));
        let person = grant.map(|grant| self.person_for(grant));
        let view = self.catalog.view();
        let ranked = ranking::rank(view, request, person, call.now_ms, &mut random, &mut room.workspace);
        let presented = present(view, &ranked, request, before, &mut room.explain);
        if grant.is_some() {
            self.person.show(presented.0.iter().map(|item| item.item_id.as_str()), call.now_ms);
        }
        self.keep(room);
        Ok(presented)
    }

    fn keep(&mut self, Room { workspace, explain }: Room) {
        self.room = Room { workspace: workspace.kept(), explain };
    }
}

/// Memory that answers are made in. What it holds from one to the next is room, and what the shopper's signals were looked up to.
#[derive(Default)]
pub(super) struct Room {
    workspace: Workspace,
    explain: ExplainRoom,
}

fn present(
    view: &View,
    ranked: &Ranked<'_>,
    request: &Request,
    before: usize,
    room: &mut ExplainRoom,
) -> Presented {
    let mut items = Vec::with_capacity(ranked.items.len());
    let mut explanations = Vec::with_capacity(ranked.items.len());
    explain(view, ranked, request.kind.seeds(), room, |item, breakdown, reasons| {
        let item_id = view.id(item.index).to_owned();
        items.push(Recommendation {
            item_id: item_id.clone(),
            score: breakdown.score(),
            position: before + items.len() + 1,
            source: item.source,
            reasons,
        });
        explanations.push((item_id, breakdown));
    });
    (items, explanations)
}
