//! Several embeddings as one: the mean of their scores, in as many dimensions as the pack has.
//!
//! Members differ by nothing but their seed, so what they agree on is the log and what they differ in is chance. With
//! `x_i` the rows of item `i` in all members, one after the other, and `B` the block diagonal of `gain_k M_k / members`,
//! the mean score is `h B x_j^T`: the form of a single embedding, only wide. Its rows are projected onto their principal
//! directions `P` (Jolliffe 2002), which keeps what the members share and drops much of what they do not:
//! `e_i = x_i P / |x_i P|`, `gain M = mean |x_i P|^2 P^T B P`. Unit rows again, because a row that lost more than others
//! to the projection would otherwise be ranked lower for it.
//!
//! The directions are then turned at random. Scores do not change, but every coordinate carries a like share of a row,
//! which is what rounding to few bits per coordinate wants.

use ndarray::Array2;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::kernels::SHORTEST;
use super::{Embedding, ItemAttributes};
use crate::train::random::normal;

/// The mean of `members`, all of one shape, in at most `dim` dimensions. Rows count by `counts^(1/2)`.
///
/// `O(items * w^2 + w^3)` with `w` the members' dimensions together. A single member that is narrow enough stays as it is.
/// An item without events is what its attributes make of it, here as on the phone.
pub(super) fn combine(
    mut members: Vec<Embedding>,
    counts: &[u64],
    item_attributes: &ItemAttributes,
    dim: usize,
    seed: u64,
) -> Embedding {
    if members.len() == 1 && members[0].matrix.nrows() <= dim {
        return members.remove(0);
    }
    let rows = side_by_side(&members, |m| &m.vectors);
    #[expect(clippy::cast_precision_loss, reason = "a handful")]
    let share = 1.0 / members.len() as f32;
    let kept = dim.min(rows.ncols());
    let projection = principal_directions(&rows, counts, kept).dot(&random_rotation(kept, seed));

    let attribute_vectors = side_by_side(&members, |m| &m.attribute_vectors).dot(&projection);
    let mut vectors = rows.dot(&projection);
    for (item, mut vector) in vectors.rows_mut().into_iter().enumerate().filter(|(i, _)| counts[*i] == 0) {
        vector.fill(0.0);
        for &attribute in item_attributes.of(item) {
            vector += &attribute_vectors.row(attribute as usize);
        }
    }
    let energy = normalise_rows(&mut vectors, counts);
    let mut matrix = projection.t().dot(&block_diagonal(&members)).dot(&projection) * (share * energy);
    #[expect(clippy::cast_precision_loss, reason = "a dimension")]
    let size = matrix.iter().map(|m| m * m).sum::<f32>().sqrt() / (kept as f32).sqrt();
    let gain = if size > 0.0 { size } else { 1.0 };
    matrix /= gain;
    let mean = |of: fn(&Embedding) -> f32| members.iter().map(of).sum::<f32>() * share;
    Embedding { vectors, attribute_vectors, matrix, carry: mean(|m| m.carry), decay: mean(|m| m.decay), gain }
}

fn side_by_side(members: &[Embedding], table: impl Fn(&Embedding) -> &Array2<f32>) -> Array2<f32> {
    let dim = members[0].matrix.nrows();
    let rows = table(&members[0]).nrows();
    Array2::from_shape_fn((rows, dim * members.len()), |(row, at)| table(&members[at / dim])[[row, at % dim]])
}

/// `gain M` of every member along the diagonal.
fn block_diagonal(members: &[Embedding]) -> Array2<f32> {
    let dim = members[0].matrix.nrows();
    Array2::from_shape_fn((dim * members.len(), dim * members.len()), |(i, j)| {
        let member = &members[i / dim];
        if i / dim == j / dim { member.gain * member.matrix[[i % dim, j % dim]] } else { 0.0 }
    })
}

/// Scales rows to unit length; zero rows stay. Returns the mean squared length of those with events before.
#[expect(clippy::cast_precision_loss, reason = "a count of items")]
fn normalise_rows(vectors: &mut Array2<f32>, counts: &[u64]) -> f32 {
    let (mut sum, mut rows) = (0.0f32, 0usize);
    for (mut row, &count) in vectors.rows_mut().into_iter().zip(counts) {
        let square = row.dot(&row);
        if square.sqrt() <= SHORTEST {
            row.fill(0.0);
            continue;
        }
        row /= square.sqrt();
        if count > 0 {
            sum += square;
            rows += 1;
        }
    }
    sum / rows.max(1) as f32
}

/// The first `kept` eigenvectors, as columns, of the second moment of `rows`.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "counts; directions are f32"
)]
fn principal_directions(rows: &Array2<f32>, counts: &[u64], kept: usize) -> Array2<f32> {
    let mut weighted = rows.clone();
    for (mut row, &count) in weighted.rows_mut().into_iter().zip(counts) {
        row *= (count as f32).sqrt();
    }
    let (values, vectors) = eigen(rows.t().dot(&weighted).mapv(f64::from));
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[b].total_cmp(&values[a]).then(a.cmp(&b)));
    Array2::from_shape_fn((rows.ncols(), kept), |(i, column)| vectors[[order[column], i]] as f32)
}

/// Eigenvalues and eigenvectors, as rows, of a symmetric matrix, by cyclic rotations (Jacobi 1846).
fn eigen(mut matrix: Array2<f64>) -> (Vec<f64>, Array2<f64>) {
    const SWEEPS: usize = 30;
    let size = matrix.nrows();
    let mut vectors = Array2::<f64>::eye(size);
    let scale: f64 = matrix.iter().map(|m| m * m).sum();
    for _ in 0..SWEEPS {
        let off: f64 = matrix.indexed_iter().filter(|((i, j), _)| i != j).map(|(_, m)| m * m).sum();
        if off <= 1e-24 * scale {
            break;
        }
        for p in 0..size {
            for q in p + 1..size {
                let between = matrix[[p, q]];
                if between == 0.0 {
                    continue;
                }
                let ratio = (matrix[[q, q]] - matrix[[p, p]]) / (2.0 * between);
                let tangent = ratio.signum() / (ratio.abs() + (ratio * ratio + 1.0).sqrt());
                let cosine = 1.0 / (tangent * tangent + 1.0).sqrt();
                let sine = tangent * cosine;
                for k in 0..size {
                    let (a, b) = (matrix[[k, p]], matrix[[k, q]]);
                    matrix[[k, p]] = cosine * a - sine * b;
                    matrix[[k, q]] = sine * a + cosine * b;
                }
                rotate_rows(&mut matrix, p, q, cosine, sine);
                rotate_rows(&mut vectors, p, q, cosine, sine);
            }
        }
    }
    (matrix.diag().to_vec(), vectors)
}

fn rotate_rows(matrix: &mut Array2<f64>, p: usize, q: usize, cosine: f64, sine: f64) {
    for k in 0..matrix.ncols() {
        let (a, b) = (matrix[[p, k]], matrix[[q, k]]);
        matrix[[p, k]] = cosine * a - sine * b;
        matrix[[q, k]] = sine * a + cosine * b;
    }
}

/// An orthogonal matrix: normal values made orthonormal row by row (Gram and Schmidt).
fn random_rotation(size: usize, seed: u64) -> Array2<f32> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed ^ 0x726f_7461);
    let mut out = Array2::<f32>::zeros((size, size));
    for i in 0..size {
        let mut row = ndarray::Array1::from_shape_simple_fn(size, || normal(&mut rng));
        // twice, because once leaves what rounding left
        for _ in 0..2 {
            for j in 0..i {
                let along = row.dot(&out.row(j));
                row.scaled_add(-along, &out.row(j));
            }
        }
        row /= row.dot(&row).sqrt();
        out.row_mut(i).assign(&row);
    }
    out
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;
    use crate::train::random::fill_normal;

    fn random(rows: usize, columns: usize, seed: u64) -> Array2<f32> {
        let mut values = vec![0.0; rows * columns];
        fill_normal(&mut ChaCha8Rng::seed_from_u64(seed), 1.0, &mut values);
        Array2::from_shape_vec((rows, columns), values).unwrap()
    }

    fn member(seed: u64) -> Embedding {
        let mut vectors = random(40, 4, seed);
        normalise_rows(&mut vectors, &[1; 40]);
        // an item that nothing is known of
        vectors.row_mut(7).fill(0.0);
        Embedding {
            vectors,
            attribute_vectors: random(3, 4, seed + 100),
            matrix: random(4, 4, seed + 200),
            carry: 0.3,
            decay: 0.7,
            gain: 2.0,
        }
    }

    /// Item 39 has attributes 0 and 2, the others none.
    fn attributes() -> ItemAttributes {
        ItemAttributes::new(3, (0..40).map(|i| if i == 39 { &[0u32, 2][..] } else { &[] }))
    }

    fn scores(e: &Embedding) -> Array2<f32> {
        e.vectors.dot(&e.matrix).dot(&e.vectors.t()) * e.gain
    }

    fn assert_near(found: &Array2<f32>, expected: &Array2<f32>, tolerance: f32) {
        assert_eq!(found.dim(), expected.dim());
        for (f, e) in found.iter().zip(expected) {
            assert!((f - e).abs() < tolerance, "{f} is not {e}");
        }
    }

    #[test]
    fn with_room_for_all_dimensions_the_score_is_the_mean() {
        let members = vec![member(1), member(2), member(3)];
        let expected = members.iter().map(scores).fold(Array2::zeros((40, 40)), |sum, s| sum + s) / 3.0;
        let counts = vec![2; 40];
        let found = combine(members.clone(), &counts, &attributes(), 16, 5);
        assert_eq!(found.matrix.dim(), (12, 12));
        assert_near(&scores(&found), &expected, 2e-4);
        assert!(found.vectors.row(7).iter().all(|&v| v == 0.0));
        // attributes go through the same projection: angles between them and items are those of the members
        let wide = |m: &[Embedding]| side_by_side(m, |m| &m.attribute_vectors);
        let products = wide(&members).dot(&side_by_side(&members, |m| &m.vectors).t());
        let factor = 3.0f32.sqrt();
        assert_near(&(found.attribute_vectors.dot(&found.vectors.t()) * factor), &products, 2e-4);
    }

    #[test]
    fn what_members_share_is_kept() {
        // the same member three times over is one member
        let one = member(1);
        let found = combine(vec![one.clone(), one.clone(), one.clone()], &[1; 40], &attributes(), 4, 9);
        assert_eq!(found.matrix.dim(), (4, 4));
        assert_near(&scores(&found), &scores(&one), 2e-4);
        assert_eq!(combine(vec![one.clone()], &[1; 40], &attributes(), 4, 9), one);
    }

    #[test]
    fn an_item_without_events_is_the_mean_of_its_attributes() {
        let mut counts = vec![3; 40];
        counts[39] = 0;
        let found = combine(vec![member(1), member(2)], &counts, &attributes(), 5, 1);
        assert_eq!(found.matrix.dim(), (5, 5));
        let mean = &found.attribute_vectors.row(0) + &found.attribute_vectors.row(2);
        let cosine = mean.dot(&found.vectors.row(39)) / mean.dot(&mean).sqrt();
        assert!((cosine - 1.0).abs() < 1e-5, "{cosine}");
        for (item, row) in found.vectors.rows().into_iter().enumerate().filter(|(i, _)| *i != 7) {
            assert!((row.dot(&row) - 1.0).abs() < 1e-5, "row {item}");
        }
    }

    #[test]
    fn eigenvectors_of_a_hand_computed_matrix() {
        let (values, vectors) = eigen(array![[2.0, 1.0, 0.0], [1.0, 2.0, 0.0], [0.0, 0.0, 5.0]]);
        let mut sorted = values.clone();
        sorted.sort_by(f64::total_cmp);
        for (found, expected) in sorted.iter().zip([1.0, 3.0, 5.0]) {
            assert!((found - expected).abs() < 1e-12);
        }
        let of_three = values.iter().position(|v| (v - 3.0).abs() < 1e-9).unwrap();
        assert!((vectors[[of_three, 0]] - vectors[[of_three, 1]]).abs() < 1e-12);
        let large = random(30, 30, 4).mapv(f64::from);
        let symmetric = &large + &large.t();
        let (values, vectors) = eigen(symmetric.clone());
        let rebuilt = vectors.t().dot(&(Array2::from_diag(&ndarray::Array1::from(values)).dot(&vectors)));
        assert!((rebuilt - symmetric).iter().all(|d| d.abs() < 1e-9));
    }

    #[test]
    fn a_rotation_is_orthogonal() {
        let rotation = random_rotation(32, 3);
        assert_near(&rotation.dot(&rotation.t()), &Array2::eye(32), 1e-5);
    }
}
