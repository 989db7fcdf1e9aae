//! A query in 8-bit codes, laid out for one kind of row.

/// Most dimensions of a row.
pub const MAX_DIM: usize = 256;
/// Largest size of a code.
const TOP: f32 = 127.0;

/// How a row holds its dimensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codes {
    /// Two in a byte, the even one in the low half: two's complement of four bits.
    Int4,
    /// One in a byte, two's complement.
    Int8,
}

/// See the module. Codes are `round(value / step)` with `step = largest size / 127`.
#[derive(Clone, Debug)]
pub struct Query {
    codes: Codes,
    row_bytes: usize,
    step: f32,
    /// For int8 rows the query as it is. For int4 rows the even dimensions, and from [`MAX_DIM`] on the odd ones. Zero where
    /// there is no dimension, so that a kernel may take bytes of the next row along.
    planes: [i8; 2 * MAX_DIM],
    /// Sum of all codes.
    #[allow(dead_code, reason = "only kernels that take codes without a sign need it")]
    sum: i32,
}

impl Query {
    /// Quantises a query. One with a value that is not finite, or with none but zeros, has only zeros.
    ///
    /// # Panics
    /// If there are more than [`MAX_DIM`] values, or none.
    #[must_use]
    pub fn new(values: &[f32], codes: Codes) -> Self {
        assert!((1..=MAX_DIM).contains(&values.len()), "1 to {MAX_DIM} values");
        let top = values.iter().fold(0.0_f32, |top, value| top.max(value.abs()));
        let step = top / TOP;
        let usable = values.iter().all(|value| value.is_finite()) && step > 0.0;
        let mut planes = [0_i8; 2 * MAX_DIM];
        for (dim, value) in values.iter().enumerate().filter(|_| usable) {
            #[expect(clippy::cast_possible_truncation, reason = "at most 127 in size, see `step`")]
            let code = (value / step).round_ties_even().clamp(-TOP, TOP) as i8;
            let place = match codes {
                Codes::Int8 => dim,
                Codes::Int4 => dim % 2 * MAX_DIM + dim / 2,
            };
            planes[place] = code;
        }
        let row_bytes = match codes {
            Codes::Int8 => values.len(),
            Codes::Int4 => values.len().div_ceil(2),
        };
        let sum = planes.iter().map(|&code| i32::from(code)).sum();
        Self { codes, row_bytes, step: if usable { step } else { 0.0 }, planes, sum }
    }

    /// How the rows hold their dimensions.
    #[must_use]
    pub fn codes(&self) -> Codes {
        self.codes
    }

    /// Bytes of a row.
    #[must_use]
    pub fn row_bytes(&self) -> usize {
        self.row_bytes
    }

    /// What one unit of a code stands for.
    #[must_use]
    pub fn step(&self) -> f32 {
        self.step
    }

    /// All codes, or those of the even dimensions.
    pub(crate) fn first(&self) -> &[i8; MAX_DIM] {
        self.planes.first_chunk().expect("two planes")
    }

    /// Codes of the odd dimensions of int4 rows.
    pub(crate) fn second(&self) -> &[i8; MAX_DIM] {
        self.planes.last_chunk().expect("two planes")
    }

    #[allow(dead_code, reason = "as above")]
    pub(crate) fn sum(&self) -> i32 {
        self.sum
    }
}
