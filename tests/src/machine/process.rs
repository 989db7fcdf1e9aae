//! The life of the process in a sequence: how it ends, what is lost in between, how the next one opens the engine.

use std::collections::BTreeMap;

use tastekeeper::{Error, Recommender};

use super::calls::{Said, config};
use super::drive::Drive;
use super::ideal::Ideal;
use super::place::add;
use super::step::{Call, Loss, Mishap, Stop, Trouble, Way, Weather};
use crate::fault::{FaultyDevice, Variant};
use crate::phone::Phone;
use crate::promise::{Checked, ensure};

impl Drive<'_> {
    /// If the device crashed: the phone starts again, without a process.
    pub(super) fn restart_if_crashed(&mut self, mishap: Option<Mishap>) -> bool {
        if !self.phone.device.is_crashed() {
            return false;
        }
        let kind = mishap.map_or(Trouble::Kill(false), |mishap| mishap.kind);
        self.shop = None;
        let (device, cut) = match kind {
            Trouble::PowerCut(number) => (self.phone.device.reboot(variant(number)), true),
            Trouble::Kill(in_flight) => (self.phone.device.restart(in_flight), false),
            _ => (self.phone.device.restart(false), false),
        };
        self.tally.count(if cut { "power cuts in a call" } else { "kills in a call" }, 1);
        self.become_another(device, cut);
        true
    }

    fn become_another(&mut self, device: FaultyDevice, power_cut: bool) {
        self.starts += 1;
        self.phone = Phone::on(device, self.now_ms(), self.seed.wrapping_add(self.starts * 1_000_003));
        self.weather = Weather::Fair;
        self.end_process(power_cut);
    }

    pub(super) fn end_process(&mut self, power_cut: bool) {
        self.shop = None;
        self.is_closed = false;
        self.residue.restart();
        self.answers.clear();
        self.dead_answers = 0;
        self.was_pending = false;
        self.lowering_is_pending = false;
        let mut ideals = Vec::new();
        for ideal in &self.ideals {
            add(&mut ideals, ideal.stopped(power_cut));
        }
        self.ideals = ideals;
    }

    pub(super) fn stop(&mut self, stop: Stop) {
        match stop {
            Stop::Close => {
                if let Some(shop) = &self.shop {
                    shop.close();
                }
                self.change_weather(Weather::Fair);
                self.end_process(false);
            }
            Stop::Kill => {
                let device = self.phone.device.restart(false);
                self.become_another(device, false);
            }
            Stop::PowerCut(number) => {
                self.tally.count("power cuts between calls", 1);
                let device = self.phone.device.reboot(variant(number));
                self.become_another(device, true);
            }
        }
    }

    pub(super) fn lose(&mut self, loss: Loss) {
        self.tally.count("keys lost", 1);
        match loss {
            Loss::History(number) => {
                self.phone.device.keys().lose(&format!("p{number}."));
                for ideal in &mut self.ideals {
                    if ideal.may_have_log(number) {
                        ideal.log(number).write_loosely(None);
                    }
                }
            }
            Loss::Catalogue => {
                self.phone.device.keys().lose("catalog.");
                self.ideals.iter_mut().for_each(|ideal| ideal.catalogue_on_disk.write(BTreeMap::new()));
            }
            Loss::Consent => self.phone.device.keys().lose("control"),
            Loss::Copy(number) => self.damage(&format!("control.{number}")),
        }
    }

    /// Damages a copy of the consent state. If both are the last that was acknowledged, the other one is enough.
    fn damage(&mut self, name: &str) {
        let files = self.phone.device.files();
        let mut found = files.dump();
        let unrepaired = self.damaged.iter().any(|(name, bytes)| found.get(name) == Some(bytes));
        let certain = self.ideals.iter().all(|ideal| ideal.ledger_on_disk.is_certain());
        let Some(mut copy) = found.remove(name) else { return };
        if unrepaired || !certain {
            return;
        }
        copy[30] ^= 1;
        files.put(name, &copy);
        self.damaged = Some((name.to_owned(), copy));
        self.tally.count("copies damaged", 1);
    }

    fn has_consent_without_key(&self) -> bool {
        let files = self.phone.device.files().dump();
        let has_file = files.contains_key("control.1") || files.contains_key("control.2");
        has_file && !self.phone.device.keys().slots().contains(&"control".to_owned())
    }

    pub(super) fn open(&mut self, mishap: Option<Mishap>, load: bool) -> Checked {
        let lost = self.has_consent_without_key();
        let now_ms = self.now_ms();
        let (opened, hit) =
            self.mishap(mishap, |drive| Recommender::open(config(&drive.settings), drive.phone.platform()));
        if lost && !hit {
            let refused = matches!(opened, Err(Error::KeyUnavailable { .. }));
            ensure(refused, || "a consent state without its key was opened".into())?;
            return self.reset();
        }
        let mut after: Vec<(bool, Ideal)> = Vec::new();
        for ideal in &self.ideals {
            ideal.opened(&self.settings, now_ms, hit).into_iter().for_each(|part| add(&mut after, part));
        }
        let worked = opened.is_ok();
        if let Err(error) = &opened {
            let said = Said::error(error.clone());
            ensure(hit && said == Said::Failed, || format!("opening fails: {error}"))?;
        }
        self.tally.count(if hit { "openings with a fault" } else { "openings" }, 1);
        self.ideals = after.into_iter().filter(|part| part.0 == worked).map(|part| part.1).collect();
        ensure(!self.ideals.is_empty(), || format!("opening is not permitted to end so: {opened:?}"))?;
        self.shop = opened.ok();
        if self.restart_if_crashed(mishap) {
            return self.open(None, load);
        }
        if self.shop.is_none() {
            self.end_process(false);
            return self.open(None, load);
        }
        if load {
            let newest = self.ideals.iter().filter_map(|ideal| ideal.ledger.model).max().unwrap_or(1);
            self.call(&Call::Load(newest, Way::Install), None)?;
        }
        Ok(())
    }

    pub(super) fn reset(&mut self) -> Checked {
        self.change_weather(Weather::Fair);
        self.end_process(false);
        let reset = Recommender::reset(&self.phone.platform());
        ensure(reset.is_ok(), || format!("a reset fails: {reset:?}"))?;
        let (files, slots) = (self.phone.device.files().dump(), self.phone.device.keys().slots());
        ensure(files.is_empty() && slots.is_empty(), || {
            format!("a reset leaves {:?}, {slots:?}", files.keys().collect::<Vec<_>>())
        })?;
        self.tally.count("resets", 1);
        self.ideals = vec![Ideal::default()];
        self.open(None, true)
    }
}

fn variant(number: usize) -> Variant {
    Variant::all().nth(number).unwrap_or(Variant::ALL_LOST)
}
