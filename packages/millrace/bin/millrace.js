#!/usr/bin/env node
// The installed command; all of it is in the command line's own package.
import "@millrace/cli/main";
