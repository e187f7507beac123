package templates

// NetworkView is the fourth step: what each server reaches. The matrix itself
// is in Checks.
type NetworkView struct {
	StepPage
	ProbeBlock string   // as pasted, when it was rejected
	Script     string   // PowerShell for servers without Latchkey; "" for none
	Command    string   // the probe command; "" for none
	Server     string   // the server of Script and Command; "" where they hold UnnamedServer
	Chosen     bool     // somebody has asked for Server's
	Others     []Link   // the same for each other server
	Missing    []string // servers that no result has come from yet
	Statements []Statement
}

// UnnamedServer stands in a script where no server is named, to be replaced.
const UnnamedServer = "SERVER-NAME"
