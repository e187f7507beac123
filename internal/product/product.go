package product

import (
	"slices"
	"strconv"
	"strings"
)

// Key says whose token fetches the mail in the end.
type Key string

// The product makes and keeps its own token; or Latchkey keeps it and hands
// access tokens to mail programs.
const (
	OwnKey      Key = "own"
	LatchkeyKey Key = "latchkey"
)

// Product is one profile.
type Product struct {
	ID   string
	Name string
	Key  Key
	// OwnRedirect: the product has an external-URL setting and a redirect URI
	// of its own that must be registered beside Latchkey's.
	OwnRedirect bool
	// FetchesAndSends: the product needs SMTP and one of IMAP and POP3.
	FetchesAndSends bool
	// Floor is the lowest licence that the vendor names, "" if it names none.
	Floor    string
	Releases []Release
}

// Release is one release of a product with what its OAuth2 support needs.
type Release struct {
	ID string // as the vendor writes it: "12.6(1)"
	// Special is the lowest engineering special with OAuth2; Extra are further
	// ones that must be installed with exactly that one.
	Special int
	Extra   []string
	// Setting is the name of the external-URL setting and Place where it is
	// found; both stay English in every language.
	Setting string
	Place   string
	Guides  []Guide
	// Unlisted marks a release the vendor's checklist does not name.
	Unlisted bool
}

// Guide is the title of the administrator's guide for a kind of deployment.
type Guide struct {
	Deployment string // "UCCE", "PCCE" or "UCCE/PCCE"
	Title      string
}

// The profiles. Releases, specials, setting names and guides: Cisco document
// 218453, checklist items 1 to 3, read 2026-11-21.
var (
	ECE = Product{
		ID: "ece", Name: "Cisco ECE (eGain)", Key: OwnKey, OwnRedirect: true, FetchesAndSends: true, Floor: "E3",
		Releases: []Release{
			{ID: "11.6(1)", Special: 12, Extra: []string{"ES12_ET1"}, Setting: settingOld, Place: placeOld,
				Guides: []Guide{{"UCCE/PCCE", "Email Resources"}}},
			{ID: "12.0(1)", Special: 6, Setting: settingOld, Place: placeOld,
				Guides: []Guide{{"UCCE", "Email Resources"}, {"PCCE", "Chat and Email Resources"}}},
			{ID: "12.5(1)", Special: 3, Setting: settingOld, Place: placeOld,
				Guides: []Guide{{"UCCE", "Email Resources"}, {"PCCE", "Chat and Email Resources"}}},
			{ID: "12.6(1)", Special: 1, Setting: settingNew, Place: placeNew,
				Guides: []Guide{{"UCCE/PCCE", "Email and Routing Resources"}}},
			{ID: "15.0", Setting: settingNew, Place: placeNew, Unlisted: true},
		},
	}
	Other = Product{ID: "other", Name: "Another mail application", Key: LatchkeyKey}
)

const (
	settingOld = "Web Server URL or Load Balancer URL"
	placeOld   = "Partition settings"
	settingNew = "External URL of Application"
	placeNew   = "Partition > Apps > General Settings"
)

// All lists the profiles in the order they are offered.
func All() []Product { return []Product{ECE, Other} }

// ByID returns a profile.
func ByID(id string) (Product, bool) {
	i := slices.IndexFunc(All(), func(p Product) bool { return p.ID == id })
	if i < 0 {
		return Product{}, false
	}
	return All()[i], true
}

// Release returns one of p's releases.
func (p Product) Release(id string) (Release, bool) {
	i := slices.IndexFunc(p.Releases, func(r Release) bool { return r.ID == id })
	if i < 0 {
		return Release{}, false
	}
	return p.Releases[i], true
}

// Minimum names what must be installed, as the vendor writes it: "ES12 and
// ES12_ET1"; "" where nothing is known to be needed.
func (r Release) Minimum() string {
	if r.Special == 0 {
		return ""
	}
	return strings.Join(append([]string{"ES" + strconv.Itoa(r.Special)}, r.Extra...), " and ")
}

// Missing returns what of the minimum the installed specials do not cover.
// Specials are cumulative, so a higher number covers the lower one; the extra
// ones belong to exactly the minimum and are covered by a higher number too.
func (r Release) Missing(installed []string) []string {
	if r.Special == 0 {
		return nil
	}
	highest := 0
	for _, s := range installed {
		if n, err := strconv.Atoi(strings.TrimPrefix(s, "ES")); err == nil {
			highest = max(highest, n)
		}
	}
	var missing []string
	if highest < r.Special {
		missing = append(missing, "ES"+strconv.Itoa(r.Special))
	}
	if highest <= r.Special {
		for _, extra := range r.Extra {
			if !slices.Contains(installed, extra) {
				missing = append(missing, extra)
			}
		}
	}
	return missing
}
