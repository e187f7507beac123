package adminscript

// Kind is the kind of a block, the word in its frame.
type Kind string

// The kinds of blocks: the state of the registration, the state of tenant,
// account and mailboxes, and what a computer sees of the network.
const (
	KindRegistration Kind = "registration"
	KindMailbox      Kind = "mailbox"
	KindProbe        Kind = "probe"
)

// Schema is the number of the block's form; a parser refuses any other.
const Schema = 1

// Task is one thing that an administrator does with one script.
type Task struct {
	ID    string // as it stands in the block and in addresses of pages
	Block Kind
	// Changes says that the script may change something. It asks before each
	// change, and changes nothing that is already as it must be.
	Changes bool
	// Confirmed says that the script was seen working against Microsoft's
	// service. A page names those that were not.
	Confirmed bool
	// Modules are what must be installed from the PowerShell Gallery; Optional
	// ones only add to what is read.
	Modules, Optional []string
	// Roles are Microsoft's names of roles one of which is enough.
	Roles []string
}

// The tasks. Roles: learn.microsoft.com/entra/identity/role-based-access-control/
// permissions-reference; nobody has tried here that a smaller one is enough.
var (
	Registration = Task{
		ID: "registration", Block: KindRegistration, Changes: true,
		Modules: []string{"Microsoft.Graph.Authentication"},
		Roles:   []string{"Application Administrator", "Cloud Application Administrator"},
	}
	RegistrationRead = Task{
		ID: "registration_read", Block: KindRegistration,
		Modules: []string{"Microsoft.Graph.Authentication"},
		Roles:   []string{"Application Administrator", "Cloud Application Administrator", "Global Reader"},
	}
	MailboxRead = Task{
		ID: "mailbox_read", Block: KindMailbox,
		Modules: []string{"ExchangeOnlineManagement"}, Optional: []string{"Microsoft.Graph.Users"},
		Roles: []string{"Exchange Administrator", "Global Reader"},
	}
	MailboxRepair = Task{
		ID: "mailbox_repair", Block: KindMailbox, Changes: true,
		Modules: []string{"ExchangeOnlineManagement"}, Optional: []string{"Microsoft.Graph.Users"},
		Roles: []string{"Exchange Administrator"},
	}
	Network = Task{ID: "network", Block: KindProbe}
)

// Tasks are all tasks in the order in which they are met.
var Tasks = []Task{Registration, RegistrationRead, Network, MailboxRead, MailboxRepair}

// TaskByID finds a task.
func TaskByID(id string) (Task, bool) {
	for _, t := range Tasks {
		if t.ID == id {
			return t, true
		}
	}
	return Task{}, false
}
