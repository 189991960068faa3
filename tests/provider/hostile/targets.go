package main

// targets is what a test gives to be attacked. Where something is not given, its probes say that they were not tried.
type targets struct {
	// Files of the bot or of others, by the names in `parts`: each may be opened, and is not changed.
	Files map[string]string `json:"files"`
	// Folder is somebody else's, and everything below it is there to be harmed: `doomed`, `moved`, `linked`, `kept`.
	Folder string `json:"folder"`
	// Shared has folders of the machine that everybody may write to: what is written there outlives the run.
	Shared map[string]string `json:"shared"`
	// Code has files that somebody runs: the bot's own modules, the tool.
	Code map[string]string `json:"code"`
	// Bot is the bot's process; Victim another one, with the Mark in its environment and its memory.
	Bot    int    `json:"bot"`
	Victim int    `json:"victim"`
	Mark   string `json:"mark"`
	// Address is where the mark stands in the victim's memory; Descriptor is one of its descriptors.
	Address    uint64 `json:"address"`
	Descriptor int    `json:"descriptor"`
	// Namespaces are those of the machine, as /proc/self/ns names them.
	Namespaces map[string]string `json:"namespaces"`
	// TCP, UDP, Abstract and Sockets answer whoever comes with the mark.
	TCP      map[string]string `json:"tcp"`
	UDP      map[string]string `json:"udp"`
	Abstract string            `json:"abstract"`
	Sockets  map[string]string `json:"sockets"`
	// Setuid is a copy of id(1) that belongs to root and is set-user-id.
	Setuid string `json:"setuid"`
	// Survivors asks for processes that outlive the run by so many seconds, and are found by the mark in their arguments.
	Survivors int `json:"survivors"`
	// Plants are links to be put where the bot may look later: a name in the scratch, and where it leads.
	Plants map[string]string `json:"plants"`
	// Pipes are names in the scratch in whose place a pipe is put, which holds up whoever opens it.
	Pipes []string `json:"pipes"`
	// Credential is what only an apply is given.
	Credential string `json:"credential"`
	// Only has how the names of probes begin that are tried; all of them, when there is none.
	Only []string `json:"only"`
	// Heavy asks for the probes that take processes, memory and disk.
	Heavy bool `json:"heavy"`
	// Record is where the outcomes are written as well, if that is possible.
	Record string `json:"record"`
}
