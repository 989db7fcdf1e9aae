//! Adam with a falling rate on the rows a step touched, and a moving average of all parameters.
//!
//! Kingma and Ba 2015 with `b1 = .9`, `b2 = .98`. A row without a gradient is left alone, so a step costs the batch and
//! not the catalogue; its moving average is caught up in closed form when the row is touched again, which is exact.

/// Counts steps and knows the rate and the averaging of each.
pub(super) struct Clock {
    first_rate: f64,
    total: usize,
    step: usize,
    /// `ln` of the product of the averaging decays of all steps so far, index 0 before the first.
    log_decay: Vec<f64>,
}

const BETA_MEAN: f32 = 0.9;
const BETA_SQUARE: f32 = 0.98;
const EPSILON: f32 = 1e-8;
/// The moving average forgets no faster than this per step.
const AVERAGE_DECAY: f64 = 0.99;

impl Clock {
    pub(super) fn new(rate: f32, total: usize) -> Self {
        Self { first_rate: f64::from(rate), total, step: 0, log_decay: vec![0.0] }
    }

    /// Steps done.
    pub(super) fn steps(&self) -> usize {
        self.step
    }

    /// Begins the next step.
    #[expect(clippy::cast_precision_loss, reason = "step counts")]
    pub(super) fn tick(&mut self) {
        self.step += 1;
        let t = self.step as f64;
        let decay = AVERAGE_DECAY.min(t / (t + 10.0));
        self.log_decay.push(self.log_decay[self.step - 1] + decay.ln());
    }

    /// The rate of this step with Adam's bias correction, and the correction of the squares.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_possible_wrap,
        reason = "rates"
    )]
    fn rates(&self) -> (f32, f32) {
        let rate = self.first_rate * (1.0 - (self.step - 1) as f64 / self.total.max(1) as f64);
        let t = self.step as i32;
        let mean = 1.0 - f64::from(BETA_MEAN).powi(t);
        let square = 1.0 - f64::from(BETA_SQUARE).powi(t);
        ((rate / mean) as f32, (1.0 / square) as f32)
    }

    /// The product of the averaging decays of the steps after `from` up to and including `to`.
    #[expect(clippy::cast_possible_truncation, reason = "a factor")]
    fn decay_between(&self, from: usize, to: usize) -> f32 {
        (self.log_decay[to] - self.log_decay[from]).exp() as f32
    }
}

/// Rows of parameters with their gradient and optimiser state.
pub(super) struct Table {
    width: usize,
    pub(super) values: Vec<f32>,
    gradient: Vec<f32>,
    mean: Vec<f32>,
    square: Vec<f32>,
    average: Vec<f32>,
    averaged_at: Vec<u32>,
    is_touched: Vec<bool>,
    touched: Vec<u32>,
}

impl Table {
    pub(super) fn new(values: Vec<f32>, width: usize) -> Self {
        let (size, rows) = (values.len(), values.len() / width.max(1));
        Self {
            width,
            gradient: vec![0.0; size],
            mean: vec![0.0; size],
            square: vec![0.0; size],
            average: values.clone(),
            averaged_at: vec![0; rows],
            is_touched: vec![false; rows],
            touched: Vec::new(),
            values,
        }
    }

    /// Values, both moments and averages, and when each row was averaged: what outlives a step.
    pub(super) fn kept(&self) -> ([&[f32]; 4], &[u32]) {
        ([&self.values, &self.mean, &self.square, &self.average], &self.averaged_at)
    }

    /// As [`Self::kept`], to be overwritten between steps.
    pub(super) fn kept_mut(&mut self) -> ([&mut [f32]; 4], &mut [u32]) {
        ([&mut self.values, &mut self.mean, &mut self.square, &mut self.average], &mut self.averaged_at)
    }

    pub(super) fn row(&self, row: usize) -> &[f32] {
        &self.values[row * self.width..(row + 1) * self.width]
    }

    /// The gradient of a row, to be added to; the row is updated by the next [`Table::apply`].
    pub(super) fn gradient_mut(&mut self, row: usize) -> &mut [f32] {
        if !self.is_touched[row] {
            self.is_touched[row] = true;
            self.touched.push(u32::try_from(row).expect("rows are numbered by u32 ids"));
        }
        &mut self.gradient[row * self.width..(row + 1) * self.width]
    }

    /// The gradient gathered so far; for tests.
    #[cfg(test)]
    pub(super) fn gradient(&self) -> &[f32] {
        &self.gradient
    }

    /// Updates the touched rows for the step `clock` is at, and clears their gradient.
    pub(super) fn apply(&mut self, clock: &Clock) {
        let (rate, square_correction) = clock.rates();
        let now = clock.steps();
        let decay_now = clock.decay_between(now - 1, now);
        for row in self.touched.drain(..) {
            let row = row as usize;
            self.is_touched[row] = false;
            let range = row * self.width..(row + 1) * self.width;
            let before = clock.decay_between(self.averaged_at[row] as usize, now - 1);
            self.averaged_at[row] = u32::try_from(now).expect("fewer than 2^32 steps");
            let gradient = &mut self.gradient[range.clone()];
            let (mean, square) = (&mut self.mean[range.clone()], &mut self.square[range.clone()]);
            let (values, average) = (&mut self.values[range.clone()], &mut self.average[range]);
            for i in 0..gradient.len() {
                let g = std::mem::take(&mut gradient[i]);
                mean[i] = BETA_MEAN * mean[i] + (1.0 - BETA_MEAN) * g;
                square[i] = BETA_SQUARE * square[i] + (1.0 - BETA_SQUARE) * g * g;
                let caught_up = values[i] + before * (average[i] - values[i]);
                values[i] -= rate * mean[i] / ((square[i] * square_correction).sqrt() + EPSILON);
                average[i] = values[i] + decay_now * (caught_up - values[i]);
            }
        }
    }

    /// The moving average of all rows after the last step.
    pub(super) fn into_average(mut self, clock: &Clock) -> Vec<f32> {
        for (row, &at) in self.averaged_at.iter().enumerate() {
            let before = clock.decay_between(at as usize, clock.steps());
            for i in row * self.width..(row + 1) * self.width {
                self.average[i] = self.values[i] + before * (self.average[i] - self.values[i]);
            }
        }
        self.average
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lazy_average_equals_the_one_taken_every_step() {
        let mut table = Table::new(vec![1.0, -1.0], 1);
        let mut clock = Clock::new(0.1, 20);
        let mut expected = [1.0f64, -1.0];
        for step in 1..=20 {
            clock.tick();
            table.gradient_mut(0)[0] = 0.3;
            if step % 7 == 0 {
                table.gradient_mut(1)[0] = -0.5;
            }
            table.apply(&clock);
            let t = f64::from(step);
            let decay = (t / (t + 10.0)).min(0.99);
            for (e, v) in expected.iter_mut().zip(&table.values) {
                *e = decay * *e + (1.0 - decay) * f64::from(*v);
            }
        }
        for (found, expected) in table.into_average(&clock).iter().zip(expected) {
            assert!((f64::from(*found) - expected).abs() < 1e-5, "{found} {expected}");
        }
    }

    #[test]
    fn the_first_step_has_the_full_rate_whatever_the_gradient() {
        let mut table = Table::new(vec![0.0, 0.0], 2);
        let mut clock = Clock::new(0.5, 10);
        clock.tick();
        table.gradient_mut(0).copy_from_slice(&[1e-3, -40.0]);
        table.apply(&clock);
        assert!((table.values[0] + 0.5).abs() < 1e-4 && (table.values[1] - 0.5).abs() < 1e-4);
    }
}
