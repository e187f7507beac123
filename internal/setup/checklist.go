package setup

import (
	"slices"
	"strings"
	"time"
)

// Item is a point of the vendor's checklist that no program can see: only a
// person can say whether it holds.
type Item string

// The items, in the order of the steps.
const (
	ItemNewestSpecial Item = "newest_special"     // the newest engineering special is installed
	ItemGuide         Item = "guide_in_use"       // the guide of this release is the one at hand
	ItemPorts         Item = "installation_ports" // the installation guide's ports are open
	ItemPolicy        Item = "no_sign_in_policy"  // no sign-in frequency or token lifetime policy covers the account
	ItemLocalConsole  Item = "local_console"      // the console was opened with a local sign-in
	ItemAlias         Item = "alias_active"       // the alias is linked to the account and active
	ItemRestarted     Item = "services_restarted" // retriever and dispatchers were restarted
	ItemWorkflow      Item = "workflow_exists"    // a workflow takes the alias's mail to a queue
	ItemStillFetching Item = "still_fetching"     // mail is still fetched after the first token has ended
	ItemAlarm         Item = "alarm_arrived"      // a test alarm arrived
)

// Items lists all items in the order of the steps.
var Items = []Item{
	ItemNewestSpecial, ItemGuide, ItemPorts, ItemPolicy,
	ItemLocalConsole, ItemAlias, ItemRestarted, ItemWorkflow, ItemStillFetching, ItemAlarm,
}

// Stated is a person's word on an item, with name and time.
type Stated struct {
	Standing Standing  `json:"standing"`
	By       string    `json:"by,omitempty"`
	At       time.Time `json:"at,omitzero"`
}

const itemPrefix = "item."

// Field is the field under which a statement stands in fingerprints and forms.
func (i Item) Field() Field { return Field(itemPrefix + string(i)) }

// itemOf is the inverse of Item.Field.
func itemOf(f Field) (Item, bool) {
	name, ok := strings.CutPrefix(string(f), itemPrefix)
	return Item(name), ok && slices.Contains(Items, Item(name))
}

// State records a word on an item; the same word again keeps its first name and
// time, and "" takes it back.
func (s *Setup) State(i Item, standing Standing, by string, at time.Time) {
	if s.Checklist[i].Standing == standing {
		return
	}
	all := map[Item]Stated{}
	for item, stated := range s.Checklist { // other copies of the setup share the map
		all[item] = stated
	}
	delete(all, i)
	if standing != "" {
		all[i] = Stated{Standing: standing, By: by, At: at}
	}
	s.Checklist = all
}
