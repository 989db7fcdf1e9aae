//! The inverse of a large symmetric positive definite matrix, in place.
//!
//! The symmetric sweep (Beaton, 1964), a block of rows at a time, so that nearly all of the work is products of
//! matrices. Swept entries become the negative inverse; the matrix stays symmetric, so its lower half is enough.

use std::ops::Range;

use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis, Slice};

/// Rows per block: products of this depth run at full speed, the block's own inverse stays small.
const BLOCK: usize = 256;

/// Replaces `matrix` by its inverse, of which both halves are written. Only the lower half of `matrix` is read.
///
/// `n^3` floating point operations; memory for two panels of `n` times 256. `step` hears how many rows are done.
///
/// # Panics
/// If `matrix` is not square.
pub(super) fn invert(matrix: &mut Array2<f32>, step: &mut dyn FnMut(usize)) {
    invert_by(BLOCK, matrix, step);
}

pub(super) fn invert_by(block: usize, matrix: &mut Array2<f32>, step: &mut dyn FnMut(usize)) {
    let n = matrix.nrows();
    assert_eq!(n, matrix.ncols(), "the matrix is square");
    let mut start = 0;
    while start < n {
        let end = n.min(start + block);
        // the block's columns: below the diagonal as they are, above it by symmetry
        let mut panel = Array2::zeros((n, end - start));
        part_mut(&mut panel, 0..start, 0..end - start).assign(&part(matrix, start..end, 0..start).t());
        part_mut(&mut panel, start..n, 0..end - start).assign(&part(matrix, start..n, start..end));
        let pivot = invert_small(part(&panel, start..end, 0..end - start).mapv(f64::from)).mapv(narrow);
        // zeros keep the block itself out of the update
        part_mut(&mut panel, start..end, 0..end - start).fill(0.0);
        let swept = panel.dot(&pivot);
        let mut top = 0;
        while top < n {
            let bottom = n.min(top + block);
            general_mat_mul(
                -1.0,
                &part(&swept, top..bottom, 0..end - start),
                &part(&panel, 0..bottom, 0..end - start).t(),
                1.0,
                &mut part_mut(matrix, top..bottom, 0..bottom),
            );
            top = bottom;
        }
        part_mut(matrix, start..end, 0..start).assign(&part(&swept, 0..start, 0..end - start).t());
        part_mut(matrix, end..n, start..end).assign(&part(&swept, end..n, 0..end - start));
        part_mut(matrix, start..end, start..end).assign(&pivot.mapv(|value| -value));
        start = end;
        step(end);
    }
    for row in 0..n {
        for column in 0..=row {
            let value = -matrix[[row, column]];
            matrix[[row, column]] = value;
            matrix[[column, row]] = value;
        }
    }
}

/// The same, an entry at a time. Reads the lower half, writes both.
fn invert_small(mut matrix: Array2<f64>) -> Array2<f64> {
    let n = matrix.nrows();
    for row in 0..n {
        for column in 0..row {
            matrix[[column, row]] = matrix[[row, column]];
        }
    }
    for k in 0..n {
        let pivot = 1.0 / matrix[[k, k]];
        let column = matrix.row(k).to_owned();
        for (i, mut row) in matrix.rows_mut().into_iter().enumerate() {
            if i != k {
                row.scaled_add(-pivot * column[i], &column);
                row[k] = column[i] * pivot;
            }
        }
        matrix.row_mut(k).assign(&(column * pivot));
        matrix[[k, k]] = -pivot;
    }
    matrix.mapv_into(|value| -value)
}

#[expect(clippy::cast_possible_truncation, reason = "the matrix is kept in single precision")]
fn narrow(value: f64) -> f32 {
    value as f32
}

fn part(matrix: &Array2<f32>, rows: Range<usize>, columns: Range<usize>) -> ArrayView2<'_, f32> {
    let mut part = matrix.view();
    part.slice_axis_inplace(Axis(0), Slice::from(rows));
    part.slice_axis_inplace(Axis(1), Slice::from(columns));
    part
}

fn part_mut(matrix: &mut Array2<f32>, rows: Range<usize>, columns: Range<usize>) -> ArrayViewMut2<'_, f32> {
    let mut part = matrix.view_mut();
    part.slice_axis_inplace(Axis(0), Slice::from(rows));
    part.slice_axis_inplace(Axis(1), Slice::from(columns));
    part
}
