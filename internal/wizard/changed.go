package wizard

import (
	"reflect"
	"strings"

	"latchkey/internal/setup"
)

// answered are the entries whose change the history names.
var answered = []setup.Field{
	setup.FieldProduct, setup.FieldRelease, setup.FieldSpecials, setup.FieldMethod, setup.FieldMailboxes, setup.FieldSignInAccount,
	setup.FieldProtocols, setup.FieldServers, setup.FieldChecklistOnly, setup.FieldProductURL, setup.FieldConsoleURL,
	setup.FieldProductRedirectURI, setup.FieldCloud, setup.FieldTenant, setup.FieldClientID, setup.FieldSecretEnds,
	setup.FieldRedirectURIs, setup.FieldTestMessage,
}

// changed names the entries that differ, for the history: which, not from what
// to what. A record is kept for ever and holds no addresses of people.
func changed(before, after setup.Setup) string {
	var names []string
	for _, f := range answered {
		was, _ := before.Values(f)
		is, _ := after.Values(f)
		if !reflect.DeepEqual(was, is) {
			names = append(names, string(f))
		}
	}
	if before.Mailbox.Decision != after.Mailbox.Decision {
		names = append(names, "decision")
	}
	if !reflect.DeepEqual(before.Mailbox.Statement, after.Mailbox.Statement) {
		names = append(names, string(setup.FieldEvidence))
	}
	for _, item := range setup.Items {
		if before.Checklist[item].Standing != after.Checklist[item].Standing {
			names = append(names, string(item))
		}
	}
	return strings.Join(names, " ")
}
