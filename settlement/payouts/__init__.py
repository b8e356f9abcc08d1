"""Pay-outs: free money leaves for its receiver once two people agreed, and arrives or comes back."""
