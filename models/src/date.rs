//! Days as people write them.

/// `2026-05-01` for a day since 1970 (Howard Hinnant's `civil_from_days`, for days from 1970 on).
#[must_use]
pub fn iso_date(day: u32) -> String {
    let days = u64::from(day) + 719_468;
    let era = days / 146_097;
    let of_era = days % 146_097;
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_have_dates() {
        let dates = [0, 59, 789, 11_016, 19_782, 20_605].map(iso_date);
        assert_eq!(
            dates,
            ["1970-01-01", "1970-03-01", "1972-02-29", "2000-02-29", "2024-02-29", "2026-06-01"]
        );
    }
}
