//! The topics of a general shop: the roots of the Shopify Standard Product Taxonomy (MIT), by their two-letter ids.

use super::{NodeTree, Topic, VocabularyDraft};
use crate::report::{MAX_RATIO, Parameters, TOPICS_PER_REPORT};

/// Never among them, because sensitive: `ma` Mature, `rc` Religious & Ceremonial. No preferences: bundles, gift cards, product
/// add-ons, uncategorised. Health care, `hb-1`, is sensitive by itself.
const ROOTS: [(&str, &str); 20] = [
    ("aa", "Apparel & Accessories"),
    ("ae", "Arts & Entertainment"),
    ("ap", "Animals & Pet Supplies"),
    ("bi", "Business & Industrial"),
    ("bt", "Baby & Toddler"),
    ("co", "Cameras & Optics"),
    ("el", "Electronics"),
    ("fb", "Food, Beverages & Tobacco"),
    ("fr", "Furniture"),
    ("ha", "Hardware"),
    ("hb", "Health & Beauty"),
    ("hg", "Home & Garden"),
    ("lb", "Luggage & Bags"),
    ("me", "Media"),
    ("os", "Office Supplies"),
    ("se", "Services"),
    ("sg", "Sporting Goods"),
    ("so", "Software"),
    ("tg", "Toys & Games"),
    ("vp", "Vehicles & Parts"),
];

impl VocabularyDraft {
    /// The vocabulary of a general shop whose categories are nodes of the Shopify Standard Product Taxonomy, for at least
    /// `cohort` opted-in shoppers: 20 topics, two of them in a report, or one where there are too few shoppers for two. Baby &
    /// Toddler is guarded.
    #[must_use]
    pub fn general(cohort: u64) -> Self {
        let with = |per_report| {
            Parameters::new(21, per_report, MAX_RATIO).expect("20 roots and the empty slot make a mechanism")
        };
        let two = with(TOPICS_PER_REPORT);
        let topic = |(id, label): (&str, &str)| Topic {
            label: label.to_owned(),
            guarded: id == "bt",
            nodes: vec![id.to_owned()],
        };
        Self {
            name: "general".to_owned(),
            parameters: if two.fits_cohort(cohort) { two } else { with(1) },
            cohort,
            tree: NodeTree::Dashed,
            topics: ROOTS.into_iter().map(topic).collect(),
            excluded: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_general_vocabulary_breaks_no_rule() {
        // 21 over 2 is 210 masks
        for (cohort, per_report) in [(10_500, 2), (10_499, 1), (1_050, 1)] {
            let general = VocabularyDraft::general(cohort);
            assert_eq!((general.problems(), general.parameters.per_report()), (vec![], per_report));
        }
        assert!(!VocabularyDraft::general(1_049).problems().is_empty(), "21 masks for 1049 shoppers");
        let guarded = VocabularyDraft::general(10_500).topics.into_iter().filter(|topic| topic.guarded);
        assert_eq!(guarded.map(|topic| topic.label).collect::<Vec<_>>(), ["Baby & Toddler"]);
    }
}
