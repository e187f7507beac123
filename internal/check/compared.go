package check

import (
	"net/url"
	"slices"
	"strings"

	"latchkey/internal/setup"
)

// Compared sets what is needed beside what was seen. Same is the judgement of
// whoever compares; the strings may still differ where that does not matter.
type Compared struct {
	Field  setup.Field // whose value was seen
	Needed string
	Seen   string // "" for nothing
	Same   bool
}

// CompareAddresses compares the origins of the product's own addresses with
// that of its external-URL setting, for products that have one.
func CompareAddresses(e *Env) []Compared {
	a := e.Setup.Addresses
	if !e.Product.OwnRedirect || a.ProductURL == "" {
		return nil
	}
	var list []Compared
	// Microsoft sends nobody back to http: equal addresses are no good then.
	needed := origin(a.ProductURL)
	if rest, plain := strings.CutPrefix(needed, "http://"); plain {
		list = append(list, Compared{Field: setup.FieldProductURL, Needed: "https://" + rest, Seen: needed})
		needed = "https://" + rest
	}
	for _, seen := range []struct {
		field   setup.Field
		address string
	}{{setup.FieldConsoleURL, a.ConsoleURL}, {setup.FieldProductRedirectURI, a.ProductRedirectURI}} {
		if seen.address != "" {
			at := origin(seen.address)
			list = append(list, Compared{Field: seen.field, Needed: needed, Seen: at, Same: at == needed})
		}
	}
	return list
}

// CompareRedirectURIs compares each redirect URI that must be registered with
// the one among the pasted ones that fits, or else is nearest. It is nil while
// nobody has pasted any.
func CompareRedirectURIs(e *Env) []Compared {
	registered, ok := registeredURIs(e)
	if !ok {
		return nil
	}
	var list []Compared
	for _, needed := range WantedURIs(e) {
		c := Compared{Field: setup.FieldRedirectURIs, Needed: needed, Seen: setup.Nearest(needed, registered)}
		if i := slices.IndexFunc(registered, func(r string) bool { return matchesRegistered(needed, r) }); i >= 0 {
			c.Seen, c.Same = registered[i], true
		}
		if needed == e.Setup.Addresses.ProductRedirectURI {
			c.Field = setup.FieldProductRedirectURI
		}
		list = append(list, c)
	}
	return list
}

// origin is scheme, lower-case host and port, without the port that the scheme
// implies, so that https://a and https://A:443 are the same.
func origin(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	host := strings.ToLower(u.Host)
	if implied := map[string]string{"https": ":443", "http": ":80"}[u.Scheme]; implied != "" {
		host = strings.TrimSuffix(host, implied)
	}
	return u.Scheme + "://" + host
}
