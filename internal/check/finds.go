package check

import (
	"slices"

	"latchkey/internal/finding"
	"latchkey/internal/provider"
)

// answers are what a check can report that meets answers at these places, with
// any provider, and that it may fail to do its work.
func answers(places ...provider.Place) []*finding.Definition {
	return with(provider.Entra.DefinitionsAt(places...),
		append(provider.OpenID.DefinitionsAt(places...), provider.InternalError)...)
}

// renewing: as answers, of a check that uses the token, which may have to be
// renewed first.
func renewing(places ...provider.Place) []*finding.Definition {
	return answers(append([]provider.Place{provider.AtDiscovery, provider.AtRefresh}, places...)...)
}

// spreading are the changes that explain a refusal of the sign-in service; what
// explains that of a mail server stands with the checks of mail.
var spreading = []*finding.Definition{provider.SecretSpreads, provider.ConsentSpreads}

// with adds what is not in the list yet.
func with(list []*finding.Definition, more ...*finding.Definition) []*finding.Definition {
	for _, d := range more {
		if !slices.Contains(list, d) {
			list = append(list, d)
		}
	}
	return list
}
