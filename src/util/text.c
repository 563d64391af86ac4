/*
 * text.c - sizes, durations and times as people write and read them.
 *
 * Owns   the wording of docker's go-units and the grammars of Go's time.ParseDuration and RFC 3339.
 * Never  depends on the locale; only text_parse_time without a zone looks at the local one.
 */
#include "util/text.h"

#include "util/mem.h"
#include "util/str.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define NSEC_PER_MIN  (60 * NSEC_PER_SEC)
#define NSEC_PER_HOUR (60 * NSEC_PER_MIN)

/* A decimal number with an optional fraction, as its digits: value = number / scale. */
struct decimal {
	uint64_t whole;
	double fraction; /* below 1 */
};

/* Reads digits[.digits] with at least one digit; the end of it, or NULL. */
static const char *decimal_parse(const char *s, struct decimal *d)
{
	double place = 1;
	bool any = false;

	*d = (struct decimal){ 0 };
	for (; isdigit((unsigned char)*s); s++, any = true)
		if (__builtin_mul_overflow(d->whole, 10u, &d->whole) ||
		    __builtin_add_overflow(d->whole, (unsigned)(*s - '0'), &d->whole))
			return NULL;
	if (*s == '.')
		for (s++; isdigit((unsigned char)*s); s++, any = true)
			d->fraction += (*s - '0') * (place /= 10);
	return any ? s : NULL;
}

/* value of d in units of unit, rounded down; false when it does not fit */
static bool decimal_times(const struct decimal *d, uint64_t unit, int64_t *value)
{
	uint64_t n;

	/* the small addend makes up for fractions that have no exact binary form */
	if (__builtin_mul_overflow(d->whole, unit, &n) ||
	    __builtin_add_overflow(n, (uint64_t)(d->fraction * (double)unit + 1e-6), &n) ||
	    n > INT64_MAX)
		return false;
	*value = (int64_t)n;
	return true;
}

bool text_parse_bytes(const char *s, int64_t *bytes)
{
	static const char units[] = "bkmgtp";
	struct decimal d;
	const char *unit = units;

	s = decimal_parse(s, &d);
	if (!s)
		return false;
	if (*s == ' ')
		s++;
	if (*s) {
		unit = strchr(units, tolower((unsigned char)*s));
		if (!unit)
			return false;
		s++;
		if (unit != units) {
			if (tolower((unsigned char)s[0]) == 'i' && tolower((unsigned char)s[1]) == 'b')
				s++;
			if (tolower((unsigned char)*s) == 'b')
				s++;
		}
		if (*s)
			return false;
	}
	return decimal_times(&d, 1ULL << 10 * (unit - units), bytes);
}

bool text_parse_duration(const char *s, int64_t *ns)
{
	static const struct {
		const char *name;
		int64_t ns;
	} units[] = {
		/* longer names first where one begins another */
		{ "ns", 1 },	       { "us", 1000 },
		{ "\u00b5s", 1000 }, /* micro sign */
		{ "\u03bcs", 1000 }, /* Greek mu */
		{ "ms", 1000000 },     { "s", NSEC_PER_SEC },
		{ "m", NSEC_PER_MIN }, { "h", NSEC_PER_HOUR },
	};
	bool negative = *s == '-';
	int64_t total = 0;

	if (*s == '-' || *s == '+')
		s++;
	if (strcmp(s, "0") == 0) {
		*ns = 0;
		return true;
	}
	if (!*s)
		return false;
	while (*s) {
		struct decimal d;
		int64_t part;
		size_t i;

		s = decimal_parse(s, &d);
		if (!s)
			return false;
		for (i = 0; i < ARRAY_SIZE(units); i++)
			if (str_starts(s, units[i].name))
				break;
		if (i == ARRAY_SIZE(units) || !decimal_times(&d, (uint64_t)units[i].ns, &part) ||
		    __builtin_add_overflow(total, part, &total))
			return false;
		s += strlen(units[i].name);
	}
	*ns = negative ? -total : total;
	return true;
}

/* ---- points in time ---- */

/* n digits into *value, and on success s behind them */
static bool take_digits(const char **s, int n, int *value)
{
	*value = 0;
	for (; n; n--, (*s)++) {
		if (!isdigit((unsigned char)**s))
			return false;
		*value = *value * 10 + (**s - '0');
	}
	return true;
}

static bool take_char(const char **s, char c)
{
	if (**s != c)
		return false;
	(*s)++;
	return true;
}

/* ".123" as nanoseconds; digits beyond the ninth are read and dropped */
static bool take_fraction(const char **s, int64_t *ns)
{
	int64_t place = NSEC_PER_SEC / 10;

	*ns = 0;
	if (!take_char(s, '.'))
		return true;
	if (!isdigit((unsigned char)**s))
		return false;
	for (; isdigit((unsigned char)**s); (*s)++, place /= 10)
		*ns += (**s - '0') * place;
	return true;
}

/* [T]HH[:MM[:SS[.fraction]]] */
static bool take_clock(const char **s, struct tm *tm, int64_t *fraction)
{
	*fraction = 0;
	if (!take_digits(s, 2, &tm->tm_hour) || tm->tm_hour > 23)
		return false;
	if (!take_char(s, ':'))
		return true;
	if (!take_digits(s, 2, &tm->tm_min) || tm->tm_min > 59)
		return false;
	if (!take_char(s, ':'))
		return true;
	return take_digits(s, 2, &tm->tm_sec) && tm->tm_sec <= 59 && take_fraction(s, fraction);
}

/* Z, +HH:MM or -HH:MM in seconds; *given false at the end of the text */
static bool take_zone(const char **s, bool *given, int *seconds)
{
	int hours, minutes, sign;

	*given = true;
	*seconds = 0;
	if (!**s) {
		*given = false;
		return true;
	}
	if (take_char(s, 'Z') || take_char(s, 'z'))
		return true;
	sign = **s == '-' ? -1 : 1;
	if (!take_char(s, '+') && !take_char(s, '-'))
		return false;
	if (!take_digits(s, 2, &hours) || !take_char(s, ':') || !take_digits(s, 2, &minutes) ||
	    hours > 23 || minutes > 59)
		return false;
	*seconds = sign * (hours * 3600 + minutes * 60);
	return true;
}

static bool date_parse(const char *s, int64_t *ns)
{
	struct tm tm = { .tm_isdst = -1 }, check;
	int64_t fraction = 0;
	int zone = 0;
	bool zoned = false;
	time_t t;

	if (!take_digits(&s, 4, &tm.tm_year) || !take_char(&s, '-') ||
	    !take_digits(&s, 2, &tm.tm_mon) || !take_char(&s, '-') ||
	    !take_digits(&s, 2, &tm.tm_mday))
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	if (*s && ((!take_char(&s, 'T') && !take_char(&s, 't') && !take_char(&s, ' ')) ||
		   !take_clock(&s, &tm, &fraction)))
		return false;
	if (!take_zone(&s, &zoned, &zone) || *s)
		return false;
	check = tm;
	t = timegm(&check); /* normalises: the 31st of June would become the 1st of July */
	if (check.tm_mday != tm.tm_mday || check.tm_mon != tm.tm_mon)
		return false;
	if (zoned)
		t -= zone;
	else
		t = mktime(&tm);
	return !__builtin_mul_overflow(t, NSEC_PER_SEC, ns) &&
	       !__builtin_add_overflow(*ns, fraction, ns);
}

static bool seconds_parse(const char *s, int64_t *ns)
{
	int64_t seconds = 0, fraction;

	if (!isdigit((unsigned char)*s))
		return false;
	for (; isdigit((unsigned char)*s); s++)
		if (__builtin_mul_overflow(seconds, 10, &seconds) ||
		    __builtin_add_overflow(seconds, *s - '0', &seconds))
			return false;
	return take_fraction(&s, &fraction) && !*s &&
	       !__builtin_mul_overflow(seconds, NSEC_PER_SEC, ns) &&
	       !__builtin_add_overflow(*ns, fraction, ns);
}

bool text_parse_time(const char *s, int64_t now_ns, int64_t *ns)
{
	int64_t ago;

	if (strlen(s) >= 10 && s[4] == '-' && s[7] == '-')
		return date_parse(s, ns);
	if (seconds_parse(s, ns))
		return true;
	return text_parse_duration(s, &ago) && !__builtin_sub_overflow(now_ns, ago, ns);
}

/* ---- formatting ---- */

static const char *size_format(int64_t bytes, double base, int digits, const char *const *units,
			       char *buf, size_t n)
{
	double value = bytes < 0 ? -(double)bytes : (double)bytes;
	const char *sign = bytes < 0 ? "-" : "";
	char number[32];

	for (;; units++, value /= base) {
		snprintf(number, sizeof(number), "%.*g", digits, value);
		/*
		 * 999999 rounds to 1e+03 of kB, which go-units prints as it is; we carry on to
		 * the next unit, which people and scripts can read.
		 */
		if (!units[1] || (value < base && !strchr(number, 'e')))
			break;
	}
	if (strchr(number, 'e'))
		snprintf(number, sizeof(number), "%.0f", value);
	snprintf(buf, n, "%s%s%s", sign, number, *units);
	return buf;
}

const char *text_size(int64_t bytes, char *buf, size_t n)
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB", "PB", "EB", NULL };

	return size_format(bytes, 1000, 3, units, buf, n);
}

const char *text_size_binary(int64_t bytes, char *buf, size_t n)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB", NULL };

	return size_format(bytes, 1024, 4, units, buf, n);
}

const char *text_ago(int64_t seconds, char *buf, size_t n)
{
	int64_t minutes = seconds / 60, hours = (seconds + 1800) / 3600;
	static const struct {
		int64_t below, hours; /* in hours */
		const char *name;
	} spans[] = {
		{ 48, 1, "hours" },
		{ 24 * 14, 24, "days" },
		{ 24 * 60, 24 * 7, "weeks" },
		{ 24 * 365 * 2, 24 * 30, "months" },
	};

	if (seconds < 1)
		snprintf(buf, n, "Less than a second");
	else if (seconds == 1)
		snprintf(buf, n, "1 second");
	else if (seconds < 60)
		snprintf(buf, n, "%d seconds", (int)seconds);
	else if (minutes == 1)
		snprintf(buf, n, "About a minute");
	else if (minutes < 60)
		snprintf(buf, n, "%d minutes", (int)minutes);
	else if (hours == 1)
		snprintf(buf, n, "About an hour");
	else {
		for (size_t i = 0; i < ARRAY_SIZE(spans); i++)
			if (hours < spans[i].below) {
				snprintf(buf, n, "%d %s", (int)(hours / spans[i].hours),
					 spans[i].name);
				return buf;
			}
		snprintf(buf, n, "%lld years", (long long)(seconds / 3600 / 24 / 365));
	}
	return buf;
}

/* Writes value / unit with its fraction, trailing zeros cut, and the unit's name. */
static void fraction_format(uint64_t value, uint64_t unit, const char *name, char *buf, size_t n)
{
	char fraction[24] = "";
	uint64_t whole = value / unit, rest = value % unit;

	if (rest)
		fraction[0] = '.';
	for (size_t i = 1; rest; i++) {
		unit /= 10;
		fraction[i] = (char)('0' + rest / unit);
		rest %= unit;
	}
	snprintf(buf, n, "%llu%s%s", (unsigned long long)whole, fraction, name);
}

const char *text_duration(int64_t ns, char *buf, size_t n)
{
	uint64_t v = ns < 0 ? -(uint64_t)ns : (uint64_t)ns;
	const char *sign = ns < 0 ? "-" : "";
	char seconds[48];

	if (v == 0)
		snprintf(seconds, sizeof(seconds), "0s");
	else if (v < 1000)
		snprintf(seconds, sizeof(seconds), "%lluns", (unsigned long long)v);
	else if (v < 1000000)
		fraction_format(v, 1000, "\u00b5s", seconds, sizeof(seconds));
	else if (v < NSEC_PER_SEC)
		fraction_format(v, 1000000, "ms", seconds, sizeof(seconds));
	else
		fraction_format(v % NSEC_PER_MIN, NSEC_PER_SEC, "s", seconds, sizeof(seconds));
	if (v >= NSEC_PER_HOUR)
		snprintf(buf, n, "%s%lluh%llum%s", sign, (unsigned long long)(v / NSEC_PER_HOUR),
			 (unsigned long long)(v / NSEC_PER_MIN % 60), seconds);
	else if (v >= NSEC_PER_MIN)
		snprintf(buf, n, "%s%llum%s", sign, (unsigned long long)(v / NSEC_PER_MIN), seconds);
	else
		snprintf(buf, n, "%s%s", sign, seconds);
	return buf;
}

static const char *rfc3339(int64_t ns, bool padded, char *buf, size_t n)
{
	time_t seconds = ns / NSEC_PER_SEC;
	long rest = ns % NSEC_PER_SEC;
	char date[32], fraction[16] = "";
	struct tm tm;

	if (rest < 0) {
		rest += NSEC_PER_SEC;
		seconds--;
	}
	if (ns == 0)
		snprintf(date, sizeof(date), "0001-01-01T00:00:00");
	else
		strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", gmtime_r(&seconds, &tm));
	if (padded || rest)
		snprintf(fraction, sizeof(fraction), ".%09ld", rest);
	if (!padded && rest)
		for (size_t end = strlen(fraction); fraction[end - 1] == '0'; end--)
			fraction[end - 1] = '\0';
	snprintf(buf, n, "%s%sZ", date, fraction);
	return buf;
}

const char *text_rfc3339nano(int64_t ns, char *buf, size_t n)
{
	return rfc3339(ns, false, buf, n);
}

const char *text_rfc3339nano_padded(int64_t ns, char *buf, size_t n)
{
	return rfc3339(ns, true, buf, n);
}

static int64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * NSEC_PER_SEC + t.tv_nsec;
}

int64_t time_now_ns(void)
{
	return clock_ns(CLOCK_REALTIME);
}

int64_t time_monotonic_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}
