//! One thing that is kept on disk, as a set of states it may be in.

/// What a reader may find.
#[derive(Clone, Debug, PartialEq)]
pub struct Place<T> {
    /// What the next process may find, one of these.
    pub now: Vec<T>,
    /// What a power cut may bring back beside them.
    fallback: Vec<T>,
    /// The power went since the last write: what is found is all there is.
    solid: bool,
}

impl<T: Clone + PartialEq> Place<T> {
    /// A place that certainly holds `state`.
    pub fn new(state: T) -> Self {
        Self { now: vec![state], fallback: Vec::new(), solid: true }
    }

    /// A write was acknowledged as durable.
    pub fn write(&mut self, state: T) {
        *self = Self::new(state);
    }

    /// A write was acknowledged, but a power cut may undo it.
    pub fn write_loosely(&mut self, state: T) {
        let before = std::mem::replace(&mut self.now, vec![state]);
        before.into_iter().for_each(|old| add(&mut self.fallback, old));
        self.solid = false;
    }

    /// A write was tried, and may have happened or not.
    pub fn attempt(&mut self, state: T) {
        add(&mut self.now, state);
        self.solid = false;
    }

    /// The power was cut.
    pub fn cut(&mut self) {
        for old in std::mem::take(&mut self.fallback) {
            add(&mut self.now, old);
        }
        self.solid = true;
    }

    /// A reader found `state`.
    pub fn settle(&mut self, state: &T) {
        let others = std::mem::replace(&mut self.now, vec![state.clone()]);
        if !self.solid {
            others
                .into_iter()
                .filter(|other| other != state)
                .for_each(|other| add(&mut self.fallback, other));
        }
    }

    /// As [`settle`](Self::settle), where what was not found may still be in another copy.
    pub fn settle_on_one(&mut self, state: &T) {
        self.solid = false;
        self.settle(state);
    }

    /// A process read what is there and wrote `change` of it, durably where that differs.
    pub fn rewrite(&mut self, change: impl Fn(&T) -> T) {
        let before = std::mem::take(&mut self.now);
        before.iter().for_each(|old| add(&mut self.now, change(old)));
        if before.len() > 1 {
            before.into_iter().for_each(|old| add(&mut self.fallback, old));
        } else if self.now != before {
            self.fallback.clear();
        }
    }

    /// Whether there is no doubt, not even after a power cut.
    pub fn is_certainly(&self, state: &T) -> bool {
        self.is_certain() && self.now[0] == *state
    }

    /// Whether there is only one state, also after a power cut.
    pub fn is_certain(&self) -> bool {
        self.fallback.is_empty() && self.now.len() == 1
    }
}

/// Adds what is not there yet.
pub fn add<T: PartialEq>(list: &mut Vec<T>, state: T) {
    if !list.contains(&state) {
        list.push(state);
    }
}
