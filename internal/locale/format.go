package locale

import (
	"strconv"
	"strings"
	"time"
)

// format is how one language writes a moment, a number and a list. The values
// are those of CLDR (read through ICU, en-GB for English); Go's standard
// library has no such table. 24-hour clock everywhere; English writes day,
// month, year, to stay clear of the two readings of 03/04.
type format struct {
	date      string // placeholders day, day2, month, month2, year
	join      string // between date and clock
	months    string
	thousands string
	comma     string // in a list
	and       string // before the last item of a list
}

var formats = map[string]format{
	"en":      {"{day} {month} {year}", ", ", "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec", ",", ", ", " and "},
	"de":      {"{day2}.{month2}.{year}", ", ", "", ".", ", ", " und "},
	"pt-BR":   {"{day} de {month} de {year}", ", ", "jan. fev. mar. abr. mai. jun. jul. ago. set. out. nov. dez.", ".", ", ", " e "},
	"it":      {"{day} {month} {year}", ", ", "gen feb mar apr mag giu lug ago set ott nov dic", ".", ", ", " e "},
	"ja":      {"{year}/{month2}/{day2}", " ", "", ",", "、", "、"},
	"zh-Hans": {"{year}年{month1}月{day}日", " ", "", ",", "、", "和"},
}

// formatOf falls back to a form that every reader can take apart.
func formatOf(tag string) format {
	if f, ok := formats[tag]; ok {
		return f
	}
	return format{"{year}-{month2}-{day2}", " ", "", "", ", ", ", "}
}

// Clock is the time of day with its zone, "13:05 UTC". The zone is always
// named: the two people of a session may sit in two of them.
func (p *Printer) Clock(t time.Time) string { return t.UTC().Format("15:04") + " UTC" }

// Date is the day, "20 Aug 2026".
func (p *Printer) Date(t time.Time) string {
	t = t.UTC()
	month := ""
	if names := strings.Fields(p.format.months); len(names) == 12 {
		month = names[t.Month()-1]
	}
	return strings.NewReplacer(
		"{day}", strconv.Itoa(t.Day()), "{day2}", t.Format("02"),
		"{month}", month, "{month1}", strconv.Itoa(int(t.Month())), "{month2}", t.Format("01"),
		"{year}", strconv.Itoa(t.Year()),
	).Replace(p.format.date)
}

// DateTime is day and time with its zone, "20 Aug 2026, 13:05 UTC".
func (p *Printer) DateTime(t time.Time) string { return p.Date(t) + p.format.join + p.Clock(t) }

// Duration names d in its largest sensible unit, rounded down: "20 seconds",
// "3 minutes", "12 days". A caller shows more than 90 days as a date.
func (p *Printer) Duration(d time.Duration) string {
	switch d = max(d, -d); {
	case d < time.Minute:
		return p.N("time.seconds", int(d/time.Second))
	case d < time.Hour:
		return p.N("time.minutes", int(d/time.Minute))
	case d < 48*time.Hour:
		return p.N("time.hours", int(d/time.Hour))
	}
	return p.N("time.days", int(d/(24*time.Hour)))
}

// Until says how far the day t lies ahead of now: "in 12 days", "today",
// "ended 3 days ago"; more than 90 days ahead, the day itself.
func (p *Printer) Until(t, now time.Time) string {
	days := int(t.UTC().Truncate(24*time.Hour).Sub(now.UTC().Truncate(24*time.Hour)) / (24 * time.Hour))
	switch {
	case days < 0:
		return p.N("time.ended", -days)
	case days == 0:
		return p.T("time.today")
	case days <= 90:
		return p.N("time.in_days", days)
	}
	return p.Date(t)
}

// Milliseconds is the time a check took: "48 ms", from ten seconds on "12 s".
func (p *Printer) Milliseconds(ms int) string {
	if ms >= 10_000 {
		return p.Number(ms/1000) + " s"
	}
	return p.Number(ms) + " ms"
}

// Number is n with the separators of the language.
func (p *Printer) Number(n int) string {
	digits := strconv.Itoa(max(n, -n))
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + p.format.thousands + digits[i:]
	}
	if n < 0 {
		return "-" + digits
	}
	return digits
}

// List joins items: "IMAP, POP3 and SMTP".
func (p *Printer) List(items ...string) string {
	if len(items) < 2 {
		return strings.Join(items, "")
	}
	last := len(items) - 1
	return strings.Join(items[:last], p.format.comma) + p.format.and + items[last]
}
