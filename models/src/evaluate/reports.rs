//! Two reports of the same cases, compared case by case from what they hold.
//!
//! In: reports. Out: the comparisons that `evaluate` makes with an earlier report, over all cases; parts of the cases are
//! not in a report. Must never pair cases that are not the same.

use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::LIST_LENGTH;
use super::compare::CompareError;
use super::figures::verdict;
use super::intervals::{Figures, Source, Table, measure};
use crate::report::{Comparison, Report};
use crate::statistics::{Bootstrap, FEWEST_CHANGED};
use crate::train::Progress;

/// Compares `report` with an `earlier` one by accuracy; `progress` hears the phase "intervals".
///
/// # Errors
/// If the cases are not the same, or a report does not hold them.
pub fn compare_reports(
    report: &Report,
    earlier: &Report,
    bootstrap: &Bootstrap,
    progress: &mut dyn Progress,
) -> Result<Vec<Comparison>, CompareError> {
    same_cases(report, earlier)?;
    let (own, other) = (ranks(report)?, ranks(earlier)?);
    let users = users(report)?;
    let table = Table::accuracy();
    let sources = [Source::Ranks(&own, &table), Source::Ranks(&other, &table)];
    let found: Vec<Figures> =
        measure(&users, &sources, Some(bootstrap), progress).into_iter().flatten().collect();
    let [mine, theirs] = &found[..] else { return Err(CompareError::NoOutcomes) };
    let comparison = |(place, name): (usize, &String)| {
        let (difference, detectable) = mine.difference(theirs, place, users.len());
        let gains = &table.gains[place];
        let sum = |ranks: &[u8], cases: &Range<usize>| -> f64 {
            ranks[cases.clone()].iter().map(|rank| gains[usize::from(*rank)]).sum()
        };
        let differs = |cases: &&Range<usize>| (sum(&own, cases) - sum(&other, cases)).abs() > 1e-12;
        Comparison {
            with: "report".to_owned(),
            metric: name.clone(),
            segment: None,
            other: theirs.values[place],
            difference,
            detectable,
            verdict: verdict(&difference, users.iter().filter(differs).take(FEWEST_CHANGED).count()),
        }
    };
    Ok(table.names.iter().enumerate().map(comparison).collect())
}

fn same_cases(report: &Report, earlier: &Report) -> Result<(), CompareError> {
    let clean =
        |name: &str| name.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(40).collect();
    let sample = |users: Option<usize>| users.map_or("all".to_owned(), |users| format!("{users} drawn"));
    if report.protocol != earlier.protocol {
        return Err(CompareError::Protocol {
            ours: clean(&report.protocol),
            theirs: clean(&earlier.protocol),
        });
    }
    if report.repeats != earlier.repeats {
        return Err(CompareError::Repeats);
    }
    if report.sampled_users != earlier.sampled_users {
        return Err(CompareError::Sample {
            ours: sample(report.sampled_users),
            theirs: sample(earlier.sampled_users),
        });
    }
    if report.outcomes.cases_digest.is_empty() || earlier.outcomes.cases_digest.is_empty() {
        return Err(CompareError::NoOutcomes);
    }
    if report.outcomes.cases_digest != earlier.outcomes.cases_digest {
        return Err(CompareError::Cases { ours: report.cases, theirs: earlier.cases });
    }
    Ok(())
}

/// The rank of every case.
fn ranks(report: &Report) -> Result<Vec<u8>, CompareError> {
    let ranks = STANDARD.decode(&report.outcomes.ranks).map_err(|_| CompareError::NoOutcomes)?;
    let fits = ranks.len() == report.cases && ranks.iter().all(|rank| usize::from(*rank) <= LIST_LENGTH);
    if fits { Ok(ranks) } else { Err(CompareError::NoOutcomes) }
}

/// The cases of every user, out of their LEB128 counts.
fn users(report: &Report) -> Result<Vec<Range<usize>>, CompareError> {
    let bytes = STANDARD.decode(&report.outcomes.cases_per_user).map_err(|_| CompareError::NoOutcomes)?;
    let (mut out, mut from, mut count, mut shift) = (Vec::new(), 0usize, 0usize, 0u32);
    for byte in bytes {
        let part = usize::from(byte & 0x7f).checked_shl(shift).ok_or(CompareError::NoOutcomes)?;
        count = count.checked_add(part).ok_or(CompareError::NoOutcomes)?;
        shift += 7;
        if byte < 0x80 {
            let to = from.checked_add(count).filter(|to| count > 0 && *to <= report.cases);
            let to = to.ok_or(CompareError::NoOutcomes)?;
            out.push(from..to);
            (from, count, shift) = (to, 0, 0);
        }
    }
    if from == report.cases && shift == 0 && !out.is_empty() {
        Ok(out)
    } else {
        Err(CompareError::NoOutcomes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Verdict;
    use crate::report::sample::sample;
    use crate::train::Silent;

    /// 300 users with a case each; every third one finds its item at `place`.
    fn report(place: u8) -> Report {
        let ranks: Vec<u8> = (0..300).map(|user| if user % 3 == 0 { place } else { 0 }).collect();
        let mut out = Report { cases: 300, users: 300, ..sample() };
        out.outcomes.ranks = STANDARD.encode(ranks);
        out.outcomes.cases_per_user = STANDARD.encode([1; 300]);
        out
    }

    fn ndcg(report: &Report, earlier: &Report) -> Comparison {
        let bootstrap = Bootstrap { resamples: 200, seed: 1 };
        let found = compare_reports(report, earlier, &bootstrap, &mut Silent).unwrap();
        found.into_iter().find(|c| c.metric == "ndcg@10").unwrap()
    }

    #[test]
    fn worse_and_the_same_are_told_apart() {
        let same = ndcg(&report(1), &report(1));
        assert_eq!((same.difference.value, same.difference.low, same.detectable), (0.0, Some(0.0), 0.0));
        assert_eq!(same.verdict, Verdict::NotShown);
        // a third of 1 against a third of 1 / log2(4)
        let worse = ndcg(&report(3), &report(1));
        assert!(
            (worse.difference.value + 1.0 / 6.0).abs() < 1e-12 && (worse.other - 1.0 / 3.0).abs() < 1e-12
        );
        assert_eq!(worse.verdict, Verdict::Worse);
        assert_eq!(ndcg(&report(1), &report(3)).verdict, Verdict::Better);
    }

    #[test]
    fn other_and_broken_cases_are_refused() {
        let refuse = |change: &dyn Fn(&mut Report)| {
            let mut other = report(1);
            change(&mut other);
            let bootstrap = Bootstrap { resamples: 2, seed: 1 };
            compare_reports(&other, &report(1), &bootstrap, &mut Silent).unwrap_err()
        };
        assert!(matches!(refuse(&|r| r.protocol = "x y".to_owned()), CompareError::Protocol { .. }));
        assert_eq!(refuse(&|r| r.repeats = true), CompareError::Repeats);
        assert!(matches!(refuse(&|r| r.sampled_users = None), CompareError::Sample { .. }));
        assert!(matches!(refuse(&|r| r.outcomes.cases_digest = "ff".repeat(32)), CompareError::Cases { .. }));
        let broken: [&dyn Fn(&mut Report); 6] = [
            &|r| r.outcomes.cases_digest.clear(),
            &|r| r.outcomes.ranks = "!".to_owned(),
            &|r| r.cases = 299,
            &|r| r.outcomes.ranks = STANDARD.encode([51; 300]),
            &|r| r.outcomes.cases_per_user = STANDARD.encode([0x80; 40]),
            &|r| r.outcomes.cases_per_user = STANDARD.encode([1; 299]),
        ];
        for change in broken {
            assert_eq!(refuse(change), CompareError::NoOutcomes);
        }
    }
}
