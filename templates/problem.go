package templates

import (
	"context"
	"strconv"
	"time"
)

// ErrorView is a page for a request that was not served as asked.
type ErrorView struct {
	Page
	Status    int       // 403, 404, 405, 409, 410, 413, 421, 422, 429 or 500
	Reference string    // what support can search for, "" for none
	At        time.Time // when it happened
	Draft     string    // address where the entries are kept; "" if there were none
	Who       string    // 403: who holds it
	Retry     time.Time // 429: when it works again
	Host      string    // 421: the address to use
	Back      string    // a page that works; "" for the dashboard
	Lead      string    // what happened, where the status alone would mislead
	Home      string    // what the way on is called, "" for the usual words
}

// ConflictView is status 409 for a form: somebody else has saved meanwhile.
type ConflictView struct {
	Page
	Step     string // step ID
	Revision string // of the answers now stored
	Who      string
	At       time.Time
	Fields   []Conflict
}

// Conflict is one entry with two values.
type Conflict struct {
	Field  string // a word of the family "field"
	Theirs string
	Mine   string
}

// ImpactView asks before a change makes earlier results out of date.
type ImpactView struct {
	Page
	Step     string // where the change was made
	Action   string // address that confirms it (POST)
	Changes  []Comparison
	Affected []Affected
	Kept     []string // step IDs whose results stay valid
}

// Affected is one result that becomes out of date.
type Affected struct {
	Step string // step ID
	What string // in the reader's language
	// Alone: it is checked again by itself; else a person has to do it again.
	Alone bool
}

// LanguageView is the page for language and theme.
type LanguageView struct {
	Page
	Back string // a path
}

var themes = []string{"system", "light", "dark"}

var errorStatus = []int{403, 404, 405, 409, 410, 413, 421, 422, 429, 500}

func errorWord(ctx context.Context, family string, status int) string {
	for _, known := range errorStatus {
		if status == known {
			return word(ctx, family, strconv.Itoa(status))
		}
	}
	return word(ctx, family, "500")
}

func languageChoices(languages []Language) []choice {
	list := make([]choice, len(languages))
	for i, l := range languages {
		list[i] = choice{Value: l.Tag, Title: l.Name}
	}
	return list
}
