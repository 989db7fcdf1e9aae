//! The scores that choose candidates: an 8-bit query over the rows of a pack, in integers until the last step.
//!
//! Close to the exact score, not equal: every dimension of the query is off by at most half of one part in 127 of its largest.
//! The same bits on every platform, whichever kernel computed them.

use tastekeeper_kernels::{Codes, Finish, Kernel, Query, scores};

use super::Model;
use super::tables::row;
use crate::layout::Section;

/// Items whose scores are computed at once. Their sums stay in the nearest cache.
pub const SCAN_BLOCK: usize = 512;
/// Rows that are brought together at once.
const GATHERED: usize = 64;

/// Rows that lie apart, brought together. Kept from call to call, what it takes is allocated once.
#[derive(Default)]
pub struct Gathered(Vec<u8>);

/// Scores of one query over the items of one model.
pub struct Scan<'a> {
    pub(super) model: &'a Model,
    pub(super) kernel: Kernel,
    pub(super) direction: &'a [f32],
    pub(super) query: Query,
    /// What a scale's code is worth, the query's step included.
    scales: [f32; 256],
    /// The largest of them.
    top_scale: f32,
    /// What a popularity's code adds.
    pub(super) popularities: [f32; 256],
}

impl Model {
    /// Scores by `direction`, and `popularity_weight` times the popularity.
    ///
    /// # Panics
    ///
    /// Panics if `direction` is not [`Model::dim`] long.
    pub fn scan<'a>(&'a self, direction: &'a [f32], popularity_weight: f32) -> Scan<'a> {
        assert_eq!(direction.len(), self.dim(), "one value per dimension");
        let codes = if self.tables.int8_vectors { Codes::Int8 } else { Codes::Int4 };
        let query = Query::new(direction, codes);
        let scales = self.scales.map(|scale| scale * query.step());
        // They grow with their codes.
        let top_scale = scales[255];
        let popularities = self.popularities.map(|popularity| popularity_weight * popularity);
        Scan { model: self, kernel: Kernel::best(), direction, query, scales, top_scale, popularities }
    }
}

/// Brings rows that lie apart together. Those of 64 dimensions, the most frequent ones, without asking how long each is.
fn gather(all: &[u8], row_bytes: usize, items: &[u32], to: &mut [u8]) {
    fn fixed<const N: usize>(all: &[u8], items: &[u32], to: &mut [u8]) {
        let (all, to) = (all.as_chunks::<N>().0, to.as_chunks_mut::<N>().0);
        to.iter_mut().zip(items).for_each(|(to, item)| *to = all[*item as usize]);
    }
    match row_bytes {
        32 => fixed::<32>(all, items, to),
        64 => fixed::<64>(all, items, to),
        _ => {
            let to = to.chunks_exact_mut(row_bytes).zip(items);
            to.for_each(|(to, item)| to.copy_from_slice(row(all, *item as usize, row_bytes)));
        }
    }
}

impl Scan<'_> {
    /// Writes the scores of as many items as `out` has places, at most [`SCAN_BLOCK`], from item `first` on, and returns the
    /// highest. In place of scores below `least` it writes negative infinity.
    ///
    /// # Panics
    ///
    /// Panics if there are not so many items.
    pub fn scores(&self, first: u32, least: f32, out: &mut [f32]) -> f32 {
        let (tables, first, count) = (&self.model.tables, first as usize, out.len());
        let codes = |section| &tables.section(section)[first..first + count];
        let row_bytes = tables.vector_row_bytes();
        let rows = row(&tables.section(Section::Vectors)[first * row_bytes..], 0, count * row_bytes);
        self.finish::<SCAN_BLOCK>(rows, codes(Section::VectorScales), codes(Section::Popularity), least, out)
    }

    /// Writes the scores of `items`, at most [`SCAN_BLOCK`], to the beginning of `out`.
    ///
    /// # Panics
    ///
    /// Panics if one of them is not there, or `out` is shorter.
    pub fn scores_of(&self, items: &[u32], gathered: &mut Gathered, out: &mut [f32]) {
        let tables = &self.model.tables;
        let row_bytes = tables.vector_row_bytes();
        let sections = [Section::Vectors, Section::VectorScales, Section::Popularity];
        let [all_rows, all_scales, all_popularities] = sections.map(|section| tables.section(section));
        let (mut scales, mut popularities) = ([0; GATHERED], [0; GATHERED]);
        let Gathered(rows) = gathered;
        rows.resize(GATHERED * row_bytes, 0);
        let mut scores = [0.0; GATHERED];
        for (items, out) in items.chunks(GATHERED).zip(out[..items.len()].chunks_mut(GATHERED)) {
            // Copying them first lets the processor wait for many at once.
            gather(all_rows, row_bytes, items, rows);
            for (place, &item) in items.iter().enumerate() {
                scales[place] = all_scales[item as usize];
                popularities[place] = all_popularities[item as usize];
            }
            // Kernels take eight rows at once; what is left of an earlier round fills the last eight.
            let count = items.len().next_multiple_of(8);
            self.finish::<GATHERED>(
                &rows[..count * row_bytes],
                &scales[..count],
                &popularities[..count],
                f32::NEG_INFINITY,
                &mut scores[..count],
            );
            out.copy_from_slice(&scores[..items.len()]);
        }
    }

    /// Calls `visit` with the first item, the scores and the highest of them, block by block over all items. It gives the `least`
    /// of the next block's scores, see [`scores`](Self::scores).
    pub fn for_each_block(&self, mut visit: impl FnMut(u32, &mut [f32], f32) -> f32) {
        let mut out = [0.0; SCAN_BLOCK];
        let mut least = f32::NEG_INFINITY;
        for first in (0..self.model.len()).step_by(SCAN_BLOCK) {
            let out = &mut out[..SCAN_BLOCK.min((self.model.len() - first) as usize)];
            let highest = self.scores(first, least, out);
            least = visit(first, out, highest);
        }
    }

    fn finish<const MOST: usize>(
        &self,
        rows: &[u8],
        scale_codes: &[u8],
        bias_codes: &[u8],
        least: f32,
        out: &mut [f32],
    ) -> f32 {
        let mut sums = [0; MOST];
        let (scales, biases, top_scale) = (&self.scales, &self.popularities, self.top_scale);
        let finish = Finish { scale_codes, scales, bias_codes, biases, top_scale, least };
        scores(self.kernel, &self.query, rows, finish, &mut sums, out)
    }
}
