"""The builds of an attempt in CodeBuild: started or joined, waited for, judged."""
