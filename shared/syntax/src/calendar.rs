//! The clock's time as `ctime(3)` writes it, in UTC.

const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];
const DAY_S: u64 = 86_400;

/// `Mon Nov 23 16:02:41 2026`, from seconds since 1970-01-01 UTC.
pub(crate) fn ctime(unix_time_s: u64) -> String {
    let (days, second) = (unix_time_s / DAY_S, unix_time_s % DAY_S);
    let weekday = WEEKDAYS[(days % 7) as usize];
    let (year, month, day) = date(days);
    let month = MONTHS[month];
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{weekday} {month} {day:>2} {hour:02}:{minute:02}:{second:02} {year}")
}

/// Year, month from 0 and day of the month from 1 of a day since 1970-01-01.
///
/// Days are counted from 1 March of year 0, so that the leap day ends a year: 400 years have
/// 146,097 days, and month m (from March) starts on day (153 m + 2) / 5 of its year.
fn date(days_since_1970: u64) -> (u64, usize, u64) {
    const MARCH_0000_TO_1970: u64 = 719_468;
    let days = days_since_1970 + MARCH_0000_TO_1970;
    let (era, day) = (days / 146_097, days % 146_097);
    let year_of_era = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day_of_month = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12;
    let year = era * 400 + year_of_era + u64::from(month < 2);
    (year, month as usize, day_of_month)
}

#[cfg(test)]
mod tests {
    use super::ctime;

    #[test]
    fn known_times() {
        assert_eq!(ctime(0), "Thu Jan  1 00:00:00 1970");
        assert_eq!(ctime(951_782_400), "Tue Feb 29 00:00:00 2000");
        assert_eq!(ctime(1_795_449_761), "Mon Nov 23 16:02:41 2026");
        assert_eq!(ctime(4_107_542_399), "Sun Feb 28 23:59:59 2100");
    }
}
